package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	httpconfig "github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/probes"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
)

// probeCommand tries one target now.
type probeCommand struct {
	configFlag
	Target        string              `arg:"" help:"URL, host:port, or the name of a probe in pushback.yml."`
	TLS           bool                `name:"tls" help:"Shake hands with host:port, and check its certificate."`
	Status        []string            `placeholder:"STATUS" help:"Expected statuses, as in 2xx or 200,301 (default 2xx)."`
	Text          string              `placeholder:"TEXT" help:"Text that the answer must contain."`
	Method        string              `placeholder:"METHOD" help:"GET or HEAD (default GET)."`
	RedirectHosts []string            `name:"redirect-host" placeholder:"HOST" help:"Another host that a redirect may lead to."`
	Timeout       strictyaml.Duration `placeholder:"TIME" help:"How long the target may take (default 3s)."`
	WarnBefore    strictyaml.Duration `placeholder:"TIME" help:"Fail if the certificate ends within this time, as in 14d."`
	JSON          bool                `help:"Write JSON, for programs."`
}

// Help says what is shown, and that a file of settings is not needed.
func (probeCommand) Help() string {
	return `Tries a target once, as the probes of pushback.yml do, and shows the status, whether
the text was found, how long each phase took, and when the certificate ends. A URL
or host:port needs no pushback.yml; a name is looked up in it. Nothing is stored.

Redirects are followed to the same host only, or to a --redirect-host.

Exit code 0: it is as expected. 1: it is not. 2: the command line or pushback.yml
has a mistake.

Examples:

  pushback probe https://shop.example/ --text Checkout
  pushback probe https://shop.example/old --status 301,308 --method HEAD
  pushback probe db:5432
  pushback probe shop.example:443 --tls --warn-before 14d
  pushback probe shop-http -c pushback.yml --json`
}

// Run tries the target, and exits with 1 where it is not as expected.
func (p probeCommand) Run(ctx context.Context, out terminal) error {
	prober, err := p.prober()
	if err != nil {
		return err
	}
	o := prober.Try(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	answer := newProbeAnswer(prober.Settings, o, time.Now())
	if p.JSON {
		err = out.printJSON(answer)
	} else {
		err = answer.print(out)
	}
	if err == nil && !answer.OK {
		return &exitError{code: exitFailure}
	}
	return err
}

// prober is that of a name in pushback.yml, or of the flags.
func (p probeCommand) prober() (*probes.Prober, error) {
	if !strings.Contains(p.Target, ":") {
		return p.configured()
	}
	settings, err := p.settings()
	if err != nil {
		return nil, err
	}
	var mistakes []error
	for _, m := range settings.Check() {
		mistakes = append(mistakes, flagMistake(m))
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, usageError(err)
	}
	return probes.New(settings)
}

// flagMistake is a mistake for those who wrote flags. A hint about a target is about pushback.yml.
func flagMistake(m probes.Mistake) error {
	switch {
	case m.Key == "http" || m.Key == "tcp" || m.Key == "tls" || m.Key == "":
		return errors.New(m.Message)
	case m.Hint == "":
		return fmt.Errorf("%s: %s", m.Key, m.Message)
	}
	return fmt.Errorf("%s: %s\n  hint: %s", m.Key, m.Message, m.Hint)
}

// settings are those of the flags. The service is not used.
func (p probeCommand) settings() (probes.Settings, error) {
	s := probes.Settings{
		Name: "probe", Service: "probe", Text: p.Text, Method: strings.ToUpper(p.Method), RedirectHosts: p.RedirectHosts,
		Every: 4 * time.Minute, Timeout: time.Duration(p.Timeout), WarnBefore: time.Duration(p.WarnBefore), Options: httpconfig.DefaultHTTPClientConfig,
	}
	switch {
	case p.TLS:
		s.TLS = strings.TrimPrefix(strings.TrimPrefix(p.Target, "https://"), "tls://")
	case strings.Contains(p.Target, "://") && !strings.HasPrefix(p.Target, "tcp://"):
		s.HTTP = p.Target
	default:
		s.TCP = strings.TrimPrefix(p.Target, "tcp://")
	}
	var err error
	if len(p.Status) > 0 {
		if s.Status, err = probes.ParseStatuses(p.Status...); err != nil {
			err = usageError(fmt.Errorf("--status: %w\n  hint: write 2xx, 200, or 200,301", err))
		}
	}
	return s, err
}

// configured is a probe of pushback.yml. The flags do not change it.
func (p probeCommand) configured() (*probes.Prober, error) {
	if len(p.Status)+len(p.RedirectHosts) > 0 || p.TLS || p.Text != "" || p.Method != "" || p.Timeout != 0 || p.WarnBefore != 0 {
		return nil, usageError(fmt.Errorf("%q is the name of a probe in %s, which has its own settings\n  hint: leave the flags out, or write a URL or host:port", p.Target, p.Config))
	}
	c, err := p.load()
	if err != nil {
		return nil, err
	}
	prober, mistakes := daemon.Adapters().Prober(c, p.Target)
	if len(mistakes) > 0 {
		return nil, wrongConfig(mistakes)
	}
	if prober == nil {
		return nil, usageError(fmt.Errorf("%s has no probe %q\n  hint: %s", p.Config, p.Target, nearestProbe(p.Target, c)))
	}
	return prober, nil
}

func nearestProbe(name string, c config.Config) string {
	var known []string
	for _, s := range c.Probes {
		known = append(known, s.Name)
	}
	slices.Sort(known)
	switch near := strictyaml.Nearest(name, known); {
	case near != "":
		return fmt.Sprintf("did you mean %q?", near)
	case len(known) == 0:
		return "it has no probes; write a URL or host:port instead"
	}
	return "it has " + strings.Join(known[:min(len(known), 10)], ", ")
}

// probeAnswer is what --json writes.
type probeAnswer struct {
	Target      string        `json:"target"`
	OK          bool          `json:"ok"`
	Result      probes.Result `json:"result"` // ok, status, text, timeout, refused, dns, tls, broken; "" if nothing can be said
	Detail      string        `json:"detail,omitempty"`
	NotProbed   string        `json:"not_probed,omitempty"` // why nothing can be said of the target
	Status      int           `json:"status,omitempty"`
	TextFound   *bool         `json:"text_found,omitempty"`
	Bytes       int           `json:"bytes"`
	Seconds     probeSeconds  `json:"seconds"`
	Certificate *certificate  `json:"certificate,omitempty"`

	text string
}

// probeSeconds are the phases of a probe.
type probeSeconds struct {
	DNS       float64 `json:"dns"`
	Connect   float64 `json:"connect"`
	TLS       float64 `json:"tls"`
	FirstByte float64 `json:"first_byte"`
	Body      float64 `json:"body"`
	Total     float64 `json:"total"`
}

// certificate is the one of a chain that ends first.
type certificate struct {
	Ends    time.Time `json:"ends"`
	Days    int       `json:"days"`
	Warning string    `json:"warning,omitempty"`
	left    time.Duration
}

func newProbeAnswer(s probes.Settings, o probes.Outcome, now time.Time) probeAnswer {
	p := o.Phases
	a := probeAnswer{
		Target: s.Target(), OK: o.OK(), Result: o.Result, Detail: o.Detail, NotProbed: o.Gap, Status: o.Code, Bytes: o.Size, text: s.Text,
		Seconds: probeSeconds{p.DNS.Seconds(), p.Connect.Seconds(), p.TLS.Seconds(), p.FirstByte.Seconds(), p.Body.Seconds(), o.Took.Seconds()},
	}
	if o.Gap != "" {
		a.Result = ""
	}
	if found := o.Result == probes.OK; s.Text != "" && (found || o.Result == probes.Text) {
		a.TextFound = &found
	}
	if !o.Expires.IsZero() {
		left := o.Expires.Sub(now)
		a.Certificate = &certificate{Ends: o.Expires.UTC(), Days: int(left / (24 * time.Hour)), Warning: s.CertificateEnds(o.Expires, now), left: left}
		a.OK = a.OK && a.Certificate.Warning == ""
	}
	return a
}

// print shows the answer to a person.
func (a probeAnswer) print(out terminal) error {
	fmt.Fprintf(out, "%s: %s after %s\n", sources.OneLine(a.Target, 300), a.verdict(out), milliseconds(a.Seconds.Total))
	for _, line := range []string{a.Detail, a.NotProbed} {
		if line != "" {
			fmt.Fprintf(out, "  %s\n", line)
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	if a.Status != 0 {
		row("status", "%d", a.Status)
	}
	if a.TextFound != nil {
		row("text", "%s %q", map[bool]string{true: "found", false: "not found:"}[*a.TextFound], a.text)
	}
	for _, phase := range []struct {
		name    string
		seconds float64
	}{{"name lookup", a.Seconds.DNS}, {"connection", a.Seconds.Connect}, {"TLS", a.Seconds.TLS}, {"first byte", a.Seconds.FirstByte}, {"body", a.Seconds.Body}} {
		if phase.seconds > 0 {
			row(phase.name, "%s", milliseconds(phase.seconds))
		}
	}
	if a.Bytes > 0 {
		row("size", "%d bytes", a.Bytes)
	}
	if c := a.Certificate; c != nil {
		row("certificate", "ends on %s, %s", c.Ends.Format(time.DateOnly), c.when())
	}
	return w.Flush()
}

// when is how far away the end of the certificate is.
func (c certificate) when() string {
	if c.left < 0 {
		return "which is over"
	}
	return "in " + probes.Days(c.left)
}

// verdict is a word for the whole.
func (a probeAnswer) verdict(out terminal) string {
	switch {
	case a.OK:
		return out.paint(styleGood, "ok")
	case a.NotProbed != "":
		return out.paint(styleDoubt, "cannot be probed from here")
	case a.Result == probes.OK:
		return out.paint(styleBad, "FAILED") + " (" + a.Certificate.Warning + ")"
	}
	return out.paint(styleBad, "FAILED") + " (" + string(a.Result) + ")"
}

func milliseconds(seconds float64) string { return fmt.Sprintf("%.1f ms", 1000*seconds) }
