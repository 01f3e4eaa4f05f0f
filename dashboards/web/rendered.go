package web

import (
	"fmt"
	"io"
	"net/url"
)

// Rendered is a page that is rendered once, for everybody who may see the same.
type Rendered struct {
	r     *rendering
	plots *Plots // nil: a page without
}

// WriteTo writes the whole page.
func (p *Rendered) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(p.r.page())
	return int64(n), err
}

// Since returns what has changed of the page since a revision.
func (p *Rendered) Since(revision string) Update { return p.r.since(revision, p.plots) }

// Shared is the frame without what is about one reader: what is rendered with it serves everybody
// who may do the same.
func (f Frame) Shared() Frame {
	return Frame{
		Title: f.Title, Frozen: f.Frozen, FrozenBy: f.FrozenBy, Holds: f.Holds, Troubles: f.Troubles,
		SignedIn: f.SignedIn, CanSign: f.CanSign, Here: f.Here, MayRespond: f.MayRespond, MayOperate: f.MayOperate, AskName: f.AskName,
	}
}

// Audience tells pages apart that are not the same for two readers: their address, and what the reader
// may do, and whether a form asks for their name.
func (f Frame) Audience() string {
	return fmt.Sprint(f.SignedIn, f.CanSign, f.MayRespond, f.MayOperate, f.AskName, " ", f.Here)
}

func (p *Pages) rendered(name string, f *Frame, page any) (*Rendered, error) {
	r, err := p.render(name, f, page)
	if err != nil {
		return nil, err
	}
	return &Rendered{r: r}, nil
}

// ServicePath is the address of the page of a service.
func ServicePath(name string) string { return "/services/" + url.PathEscape(name) }
