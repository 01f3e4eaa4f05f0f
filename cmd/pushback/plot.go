package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// plotCommand writes the plots of a verdict as a picture.
type plotCommand struct {
	Server    string `env:"PUSHBACK_SERVER" default:"http://127.0.0.1:8484" placeholder:"URL" help:"Address of the daemon (${env}; default ${default})."`
	TokenFile string `env:"PUSHBACK_TOKEN_FILE" type:"path" placeholder:"FILE" help:"File with the API token (${env})."`
	Change    string `arg:"" help:"Key of the change, the beginning of its key, or the tool's own ID."`
	Signal    string `placeholder:"NAME" help:"Only this signal; by default those that got worse, three at most, or where none did, the first three."`
	Rule      string `placeholder:"NAME" help:"As this rule sees it; by default the rule that found the worst."`
	Recovery  bool   `help:"Of the watch after the rollback, which asks whether that helped."`
	PNG       bool   `name:"png" xor:"format" help:"Write a PNG; the default, but for an output file that ends in .svg."`
	SVG       bool   `name:"svg" xor:"format" help:"Write an SVG."`
	Dark      bool   `help:"Light on dark."`
	Width     int    `placeholder:"PIXELS" default:"760" help:"Width, 360 to 1600 pixels; default ${default}."`
	Output    string `short:"o" type:"path" placeholder:"FILE" help:"Write to this file instead of the standard output."`
}

// Help shows what the command is for.
func (plotCommand) Help() string {
	return `Draws the last look at a change as its page does: the lines before and after, what was
expected, how sure that is, and when it was deployed and rolled back. In a terminal,
pushback explain CHANGE --plot draws with characters.

Examples:

  pushback plot kq3v5d2y7m -o cart.png
  pushback plot kq3v5d2y7m --signal errors --dark -o errors.svg
  pushback plot v42 --svg > cart.svg`
}

// Run asks the daemon for the picture and writes it.
func (p plotCommand) Run(ctx context.Context, out terminal) error {
	if p.Width < 360 || p.Width > 1600 {
		return usageError(fmt.Errorf("--width is %d\n  hint: 360 to 1600 pixels", p.Width))
	}
	if p.Output == "" && isTerminal(out.Writer) {
		return usageError(errors.New("a picture cannot be shown in a terminal\n  hint: write it to a file by -o plot.png, or draw it with characters by pushback explain CHANGE --plot"))
	}
	c, err := serverFlags{Server: p.Server, TokenFile: p.TokenFile}.client()
	if err != nil {
		return err
	}
	picture, err := c.download(ctx, "/v1/changes/"+pathSegment(p.Change)+"/plot."+p.format()+"?"+p.query(), "image/")
	if err != nil {
		return err
	}
	if p.Output == "" {
		_, err := out.Write(picture)
		return err
	}
	if err := os.WriteFile(p.Output, picture, 0o644); err != nil { //nolint:gosec // a picture to be shown to others
		return fmt.Errorf("writing the picture: %w\n  hint: -o names a file in a folder that you may write to", err)
	}
	return nil
}

func (p plotCommand) format() string {
	if p.SVG || !p.PNG && strings.EqualFold(filepath.Ext(p.Output), ".svg") {
		return "svg"
	}
	return "png"
}

// query leaves out what is as by default, so that the daemon's own defaults count.
func (p plotCommand) query() string {
	q := url.Values{"width": {strconv.Itoa(p.Width)}}
	for name, value := range map[string]string{"signal": p.Signal, "rule": p.Rule} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if p.Recovery {
		q.Set("recovery", "true")
	}
	if p.Dark {
		q.Set("theme", "dark")
	}
	return q.Encode()
}

// download reads an answer that is no JSON, of a type that begins with kind. A problem is an error for people.
func (c *client) download(ctx context.Context, path, kind string) ([]byte, error) {
	request, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.wrapUnreachable(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the response of %s: %w", c.base.Host, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, c.wrapProblem(response, data)
	}
	if got := response.Header.Get("Content-Type"); !strings.HasPrefix(got, kind) {
		return nil, fmt.Errorf("%s answered with %q instead of %s\n  hint: is --server the daemon's address?", c.base.Host, got, strings.TrimSuffix(kind, "/"))
	}
	return data, nil
}
