package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed templates assets
var files embed.FS

// Pages renders every page there is. It is safe for concurrent use.
type Pages struct {
	version string
	of      map[string]*template.Template
}

// shared are the templates that every page may use. Each other file is a page, by the file's name.
var shared = []string{"templates/frame.html", "templates/badge.html", "templates/standings.html", "templates/rows.html", "templates/places.html"}

// New reads the templates. Version is shown at the foot of every page.
func New(version string) (*Pages, error) {
	p := &Pages{version: version, of: map[string]*template.Template{}}
	all, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("listing the templates: %w", err)
	}
	for _, file := range all {
		if slices.Contains(shared, file) {
			continue
		}
		name := strings.TrimSuffix(path.Base(file), ".html")
		t, err := template.New(name).Funcs(words).ParseFS(files, append(slices.Clone(shared), file)...)
		if err != nil {
			return nil, fmt.Errorf("reading the template of the page %s: %w", name, err)
		}
		p.of[name] = t
	}
	return p, nil
}

// words are the functions that templates can call.
var words = template.FuncMap{
	"service":      ServicePath,
	"stamp":        func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"moment":       func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05") },
	"clock":        func(t time.Time) string { return t.UTC().Format(time.TimeOnly) },
	"minutes":      func(t time.Time) string { return t.UTC().Format("15:04") },
	"day":          func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
	"longday":      func(t time.Time) string { return t.UTC().Format("Monday 2 January 2006") },
	"short":        func(key string) string { return key[:min(len(key), 8)] },
	"shortVersion": shortVersion,
	"orderBadge":   OrderBadge,
	"asset":        assetURL,
}

// commit is a full Git commit, which is shown shortened.
var commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

func shortVersion(version string) string {
	if commit.MatchString(version) {
		return version[:10]
	}
	return version
}

// Frame is what surrounds every page.
type Frame struct {
	Title    string
	Frozen   bool      // all acting is stopped
	FrozenBy string    // the words of the freeze file; "" where it has none
	Holds    []string  // what keeps deploys, or all automatic rollbacks, back
	Troubles []Trouble // what keeps us from judging
	SignedIn bool      // somebody is signed in
	CanSign  bool      // there is a way to sign in
	Who      string    // who is signed in
	Role     string    // their role
	AskName  bool      // nobody can tell who reads, so that a form asks for a name
	Here     string    // path of this page, to come back to after signing in

	// What the reader may do besides reading. A form that the reader may not use is not shown.
	MayRespond bool // approve, reject, hold, say whether a verdict was right
	MayOperate bool // freeze, promote and demote rules, declare incidents

	*rendering
}

// Trouble is one component that does not work.
type Trouble struct{ Component, Detail string }

// RenderChange renders the page of one change.
func (p *Pages) RenderChange(c Change) (*Rendered, error) {
	r, err := p.rendered("change", &c.Frame, &c)
	if err == nil {
		r.plots = c.plots()
	}
	return r, err
}

// SignIn writes the form that asks for a token.
func (p *Pages) SignIn(w io.Writer, s SignIn) error { return p.write(w, "signin", &s.Frame, &s) }

// Approval writes the page that a message's link leads to.
func (p *Pages) Approval(w io.Writer, a Approval) error { return p.write(w, "approval", &a.Frame, &a) }

// Problem writes what went wrong, for a person.
func (p *Pages) Problem(w io.Writer, f Problem) error { return p.write(w, "problem", &f.Frame, &f) }

// SignIn is the form that asks for a token.
type SignIn struct {
	Frame
	Wrong    bool   // the last token was not one of ours
	Next     string // where to go after
	Provider string // of identities, where people sign in; "": none
	Tokens   bool   // a token signs in as well
}

// Aside is a page of one sentence and one link, about signing in or out.
type Aside struct {
	Frame
	Text, Link, Label string
	Leads             bool // the page goes on to the link by itself
}

// Aside writes such a page.
func (p *Pages) Aside(w io.Writer, a Aside) error { return p.write(w, "aside", &a.Frame, &a) }

// Approval is the page that a message's link leads to: one order, to approve or reject.
type Approval struct {
	Frame
	Key, Service, Environment, Version string
	Thing                              string // such as "flag new-cart"; "" for a deploy
	Token                              string // of the link; "" once it is used
	Order                              *Order
}

// Problem is an error as a page.
type Problem struct {
	Frame
	Status int
	Detail string
	Hint   string
	Keys   []string // what an ambiguous name could mean
}

// write renders to memory first, so that a template that fails leaves no half page with
// status 200.
func (p *Pages) write(w io.Writer, name string, f *Frame, page any) error {
	r, err := p.render(name, f, page)
	if err != nil {
		return err
	}
	_, err = w.Write(r.page())
	return err
}

// render renders a page, of which f is the frame.
func (p *Pages) render(name string, f *Frame, page any) (*rendering, error) {
	f.rendering = &rendering{templates: p.of[name]}
	data := struct {
		Version string
		Page    any
	}{p.version, page}
	if err := p.of[name].ExecuteTemplate(&f.rest, "frame", data); err != nil {
		return nil, fmt.Errorf("rendering the page %s: %w", name, err)
	}
	return f.rendering, nil
}
