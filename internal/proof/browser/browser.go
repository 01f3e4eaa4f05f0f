// Package browser opens pages in a real Chromium for integration tests, and measures what people see: how high a page is,
// whether it has to be scrolled sideways, what axe-core finds, and what is readable without JavaScript.
//
// Chromium comes from the system (Debian: apt-get install chromium). Where it is missing a test fails, as with the servers of
// servertest. axe-core comes from npm, once, into bin/axe; without npm and without AXE_CORE, its checks are skipped with a word.
package browser

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// pageTime is how long one page may take where its view says nothing else.
const pageTime = time.Minute

// Browser is a running Chromium.
type Browser struct{ ctx context.Context }

// Start starts a Chromium that ends with the test.
func Start(tb testing.TB) *Browser {
	tb.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		tb.Fatal("this test needs chromium: apt-get install chromium")
	}
	allocator, end := chromedp.NewExecAllocator(context.WithoutCancel(tb.Context()), Options(path)...)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	tb.Cleanup(func() { closeBrowser(); end() })
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatal("starting chromium: ", err)
	}
	return &Browser{ctx}
}

// Options start the Chromium at a path.
func Options(path string) []chromedp.ExecAllocatorOption {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses to sandbox for root
	}
	return options
}

// View is how a page is looked at. The zero value is 1280 pixels wide, light, with JavaScript.
type View struct {
	Width    int64
	Dark     bool
	NoScript bool
	Cookie   string        // of the request for the page, name=value; "" for none
	Within   time.Duration // how long the page may be open; 0: a minute
}

// Page is an open page.
type Page struct {
	tb     testing.TB
	ctx    context.Context
	within time.Duration
	mu     sync.Mutex
	faults []string
	told   []string // the data of server-sent events
}

// Open opens an address and waits until the page is loaded. The page is closed with the test.
func (b *Browser) Open(tb testing.TB, address string, v View) *Page {
	tb.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx)
	within := cmp.Or(v.Within, pageTime)
	ctx, cancel := context.WithTimeout(ctx, within)
	tb.Cleanup(func() { cancel(); closeTab() })
	p := &Page{tb: tb, ctx: ctx, within: within}
	if v.Width == 0 {
		v.Width = 1280
	}
	p.must(p.listen())
	p.must(p.prepare(v, address))
	p.do(chromedp.EmulateViewport(v.Width, 900), chromedp.Navigate(address))
	return p
}

// prepare sets what a view asks for beside its width.
func (p *Page) prepare(v View, address string) error {
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	if err == nil {
		_, err = chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: v.NoScript})
	}
	if name, value, ok := strings.Cut(v.Cookie, "="); ok && err == nil {
		_, err = chromedp.Call(p.ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: address})
	}
	return err
}

func (p *Page) must(err error) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatal("in the browser: ", err)
	}
}

func (p *Page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.tb.Helper()
	p.must(chromedp.Do(p.ctx, steps...))
}

// Value is what an action in a page gives.
func Value[T any](p *Page, action chromedp.Action[T]) T {
	p.tb.Helper()
	v, err := chromedp.Run(p.ctx, action)
	p.must(err)
	return v
}

// Eval evaluates an expression, or the promise that it gives, in the page.
func Eval[T any](p *Page, expression string) T {
	p.tb.Helper()
	return Value(p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Wait waits until a CSS selector matches something that can be seen.
func (p *Page) Wait(selector string) {
	p.tb.Helper()
	p.do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Click clicks on the first match of a CSS selector.
func (p *Page) Click(selector string) {
	p.tb.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// Text is the text of the page that can be seen.
func (p *Page) Text() string {
	p.tb.Helper()
	return Value(p, chromedp.Text(chromedp.CSS("body")))
}

// Height is how high the page is, in pixels.
func (p *Page) Height() int {
	p.tb.Helper()
	return Eval[int](p, `document.documentElement.scrollHeight`)
}

// Overflow is by how many pixels the page is wider than the window.
func (p *Page) Overflow() int {
	p.tb.Helper()
	return Eval[int](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`)
}

// Picture takes a picture of the whole page into a file, for people to look at.
func (p *Page) Picture(file string) {
	p.tb.Helper()
	p.must(os.WriteFile(file, Value(p, chromedp.FullScreenshot(100)), 0o600))
}
