package browser

import (
	"slices"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// listen notes from now on the errors of a page, and what its server tells it.
func (p *Page) listen() error {
	return chromedp.Listen(p.ctx, func(event any) {
		switch e := event.(type) {
		case *network.EventEventSourceMessageReceived:
			p.mu.Lock()
			p.told = append(p.told, e.Data)
			p.mu.Unlock()
		case *runtime.EventExceptionThrown:
			p.note(e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				p.note(e.Entry.Text + " " + e.Entry.URL)
			}
		}
	})
}

func (p *Page) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, text)
}

// Faults are the errors of scripts so far, and what the content security policy has blocked.
func (p *Page) Faults() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.faults)
}
