package web

import "strings"

// Place is one page of the navigation.
type Place struct {
	Name, Address string
	Current       string // for aria-current: page, or true where a page below it is shown; "" for neither
}

// navigation is what every page leads to.
var navigation = []Place{
	{Name: "Now", Address: "/"},
	{Name: "Changes", Address: "/changes"},
	{Name: "Rules", Address: "/rules"},
	{Name: "Orders", Address: "/orders"},
	{Name: "Holds", Address: "/holds"},
	{Name: "Incidents", Address: "/incidents"},
	{Name: "Audit", Address: "/audit"},
	{Name: "Sources", Address: "/sources"},
	{Name: "Hooks & stores", Address: "/connections"},
	{Name: "API", Address: "/docs"},
}

// Navigation is what the page leads to, with itself marked.
func (f Frame) Navigation() []Place {
	path, _, _ := strings.Cut(f.Here, "?")
	links := make([]Place, len(navigation))
	for i, l := range navigation {
		switch {
		case path == l.Address:
			l.Current = "page"
		case l.Address != "/" && strings.HasPrefix(path, l.Address+"/"):
			l.Current = "true"
		}
		links[i] = l
	}
	return links
}
