package browser

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeVersion is the version of axe-core that is installed.
const axeVersion = "4.14.1"

// axeSource is the text of axe-core; "" where there is no npm to get it by.
var axeSource = sync.OnceValues(func() (string, error) {
	if file := os.Getenv("AXE_CORE"); file != "" {
		text, err := os.ReadFile(file) //nolint:gosec // a file that the environment of the test names
		return string(text), err
	}
	folder := filepath.Join(root(), "bin", "axe")
	file := filepath.Join(folder, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		npm, err := exec.LookPath("npm")
		if err != nil {
			return "", nil
		}
		install := exec.Command(npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "axe-core@"+axeVersion) //nolint:gosec // fixed words
		if out, err := install.CombinedOutput(); err != nil {
			return "", &os.PathError{Op: "npm install axe-core: " + string(out), Path: folder, Err: err}
		}
	}
	text, err := os.ReadFile(file) //nolint:gosec // where npm put it
	return string(text), err
})

// root is the folder of go.mod.
func root() string {
	folder, err := os.Getwd()
	if err != nil {
		return "."
	}
	for at := folder; at != filepath.Dir(at); at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
	}
	return folder
}

// Violations are what axe-core finds in the page as it is now: a rule and its places in each line. It skips the test where there is
// no axe-core, so that it is asked last.
func (p *Page) Violations() []string {
	p.tb.Helper()
	source, err := axeSource()
	if err != nil {
		p.tb.Fatal(err)
	}
	if source == "" {
		p.tb.Skip("not checked by axe-core: neither npm nor AXE_CORE, the path of an axe.min.js, is there")
	}
	p.do(chromedp.Evaluate[chromedp.Void](source))
	return Eval[[]string](p, `axe.run().then((r) => r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.target.join(" ")).join(", ")))`)
}

// Looks are the ways in which CheckPage looks at a page.
var Looks = map[string]View{
	"wide": {}, "wide and dark": {Dark: true}, "narrow": {Width: 360}, "narrow and dark": {Width: 360, Dark: true},
}

// Limits are what a page must keep to. 0 and none bound nothing.
type Limits struct {
	Height int      // in pixels, at 1280 wide
	Says   []string // with and without JavaScript
	Brief  bool     // only wide, and narrow and dark: for pages that are made of the parts of others
}

// CheckPage holds what every page has to keep: nothing scrolls sideways at 360 pixels, scripts run without an error and within
// the content security policy, axe-core finds nothing, and the page can be read without JavaScript.
func (b *Browser) CheckPage(t *testing.T, address, cookie string, limits Limits) {
	t.Helper()
	plain := b.Open(t, address, View{NoScript: true, Cookie: cookie})
	says(t, plain.Text(), "without JavaScript", limits.Says)
	for name, view := range Looks {
		if limits.Brief && view.Dark != (view.Width > 0) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			view.Cookie = cookie
			p := b.Open(t, address, view)
			p.settled()
			p.keep(t.Name())
			says(t, p.Text(), name, limits.Says)
			if n := p.Overflow(); n > 0 {
				t.Errorf("%d pixels are beyond the right edge", n)
			}
			h := p.Height()
			t.Logf("%d pixels high", h)
			if limits.Height > 0 && view.Width == 0 && h > limits.Height {
				t.Errorf("%d pixels high, more than %d", h, limits.Height)
			}
			for _, fault := range p.Faults() {
				if !strings.HasSuffix(fault, " "+address) { // that the page itself is an error
					t.Error("scripts: ", fault)
				}
			}
			if found := p.Violations(); len(found) > 0 {
				t.Errorf("axe-core: %q", found)
			}
		})
	}
}

// keep takes a picture into the folder that PICTURES names, for people to look at.
func (p *Page) keep(name string) {
	p.tb.Helper()
	if folder := os.Getenv("PICTURES"); folder != "" {
		p.Picture(filepath.Join(folder, strings.NewReplacer("/", "-", " ", "-").Replace(name)+".png"))
	}
}

// settled waits until the plots that can be seen are drawn.
func (p *Page) settled() {
	p.tb.Helper()
	_ = Eval[bool](p, `new Promise((done) => {
		const ready = () => [...document.querySelectorAll("[data-plot]")].every((e) => !e.offsetParent || e.querySelector(".uplot, p"));
		const look = () => ready() ? done(true) : setTimeout(look, 50);
		look();
	})`)
}

func says(tb testing.TB, text, when string, want []string) {
	tb.Helper()
	for _, words := range want {
		if !strings.Contains(text, words) {
			tb.Errorf("%s: it does not say %q", when, words)
		}
	}
}
