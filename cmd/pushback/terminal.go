package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/pushback/pushback/internal/report"
)

// terminal is where a command writes its result. It uses colour only on a terminal, and
// only where NO_COLOR is not set (https://no-color.org).
type terminal struct {
	io.Writer
	colour   bool
	warnings io.Writer // standard error: what must not be among the result
}

func newTerminal(w, warnings io.Writer) terminal {
	return terminal{Writer: w, colour: os.Getenv("NO_COLOR") == "" && isTerminal(w), warnings: warnings}
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// live says whether a view can be drawn again and again: people see the output, can type,
// and the terminal can move its cursor.
func (t terminal) live() bool {
	return isTerminal(t.Writer) && isTerminal(os.Stdin) && os.Getenv("TERM") != "dumb"
}

// styleFlags are the flags of every command that draws.
type styleFlags struct {
	Width int  `help:"Columns of the output; by default COLUMNS, else those of the terminal, else 80."`
	ASCII bool `name:"ascii" help:"Use ASCII characters only; the default where the locale is not UTF-8."`
}

// style is how to draw on this terminal.
func (f styleFlags) style(out terminal) report.Style {
	return report.Style{Width: f.columns(out), ASCII: f.ASCII || !localeIsUTF8(os.Getenv), Colour: out.colour}
}

// columns is the width of the output; 0 leaves it to the renderer. COLUMNS goes before the
// terminal, because people set it to get another width.
func (f styleFlags) columns(out terminal) int {
	if f.Width > 0 {
		return f.Width
	}
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if file, ok := out.Writer.(*os.File); ok {
		if n, _, err := term.GetSize(int(file.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// localeIsUTF8 reports whether the locale can show more than ASCII, by the variables that
// setlocale(3) reads. Where none is set nothing is known, and most terminals can.
func localeIsUTF8(getenv func(string) string) bool {
	locale := strings.ToLower(cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")))
	return locale == "" || strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}

// The colours, named by their meaning.
const (
	styleGood   = "\x1b[32m"
	styleBad    = "\x1b[31m"
	styleDoubt  = "\x1b[33m"
	styleStrong = "\x1b[1m"
	styleOff    = "\x1b[0m"
)

// paint puts a style around text where colours are used; "" is no style.
func (t terminal) paint(style, text string) string {
	if !t.colour || style == "" {
		return text
	}
	return style + text + styleOff
}

// counted is a number with its noun: 1 rule, 2 rules.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// printJSON writes one value, indented, for programs and for jq.
func (t terminal) printJSON(v any) error {
	e := json.NewEncoder(t)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
