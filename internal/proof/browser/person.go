package browser

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// NewPerson is the same Chromium with cookies of its own, as another person has it.
func (b *Browser) NewPerson(tb testing.TB) *Browser {
	tb.Helper()
	ctx, end := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	tb.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatal("making a browser of another person: ", err)
	}
	return &Browser{ctx}
}

// Type types a text into the first match of a CSS selector.
func (p *Page) Type(selector, text string) {
	p.tb.Helper()
	p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Until evaluates an expression again and again until it is true, also over pages that follow one another. If the time of
// the page is over before, it says what was waited for and what the page said.
func (p *Page) Until(what, expression string) {
	p.tb.Helper()
	look := chromedp.Evaluate[struct {
		Holds bool
		Text  string
	}](`({ holds: ` + expression + `, text: document.body.innerText })`)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for said := ""; ; {
		// While one page is left for another there is nothing to evaluate in.
		if seen, err := chromedp.Run(p.ctx, look); err == nil && seen.Holds {
			return
		} else if err == nil {
			said = seen.Text
		}
		select {
		case <-p.ctx.Done():
			p.tb.Fatalf("%s: not within %s; the page says:\n%s", what, p.within, said)
		case <-again.C:
		}
	}
}

// Told are the data of the server-sent events that the page has received.
func (p *Page) Told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.told...)
}
