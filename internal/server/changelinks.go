package server

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/gitrepo"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// DashboardURL returns the address of a dashboard about a change in a time range, "" for none.
type DashboardURL func(c sources.Change, from, to time.Time) string

// changeLinks are what other tools show of a change.
func (s *Server) changeLinks(e api.Explanation) (links []web.Link) {
	c := e.Change.Change.Change
	add := func(word, address string) {
		if address != "" {
			links = append(links, web.Link{Word: word, URL: address})
		}
	}
	compare := s.compareURL(c)
	if isComparison(c.URL) {
		compare = cmp.Or(compare, c.URL)
	} else {
		add("The run in the deploy tool", c.URL)
	}
	add("What changed", compare)
	if s.Dashboard != nil {
		from, to := shownTime(e)
		add("Grafana", s.Dashboard(c, from, to))
	}
	return links
}

// isComparison says whether an address is that of a page which compares two versions, as `pushback deploy` reports it.
func isComparison(address string) bool {
	u, err := url.Parse(address)
	return err == nil && slices.Contains(strings.Split(u.Path, "/"), "compare")
}

// shownTime is the time around a change that its verdicts are about. It ends where the last watch is to end, and not
// now, so that the address stays the same while the page is open.
func shownTime(e api.Explanation) (from, to time.Time) {
	c := e.Change
	from, to = c.StartedAt.Add(-30*time.Minute), c.StartedAt.Add(time.Hour)
	for _, w := range e.Watches {
		if base := w.BaseAt.Add(-time.Duration(w.Plan.Before) * w.Plan.Tick); !w.BaseAt.IsZero() && base.Before(from) {
			from = base
		}
		if end := laterOf(w.Until, w.EndedAt); end.After(to) {
			to = end
		}
	}
	return from, to
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// revisionName is what a version must look like for a link: a commit or a tag.
var revisionName = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+-]{0,199}$`)

// compareURL is the page of GitHub or GitLab that compares the version before with a change's, "" where nobody can
// tell. The repository is what a verified delivery says, and the host what the source's settings say.
func (s *Server) compareURL(c sources.Change) string {
	if !revisionName.MatchString(c.Version) || !revisionName.MatchString(c.Previous) || c.Version == c.Previous || c.Kind != sources.Deploy {
		return ""
	}
	from, to := gitrepo.Revision{Commit: c.Previous}, gitrepo.Revision{Commit: c.Version}
	for _, w := range c.Witnesses {
		site, kind := s.siteOf(w.Source)
		switch {
		case site == "":
		case kind == "github":
			if repository := githubRepository(w.ChangeID); repository != "" {
				return gitrepo.Compare(site+"/"+repository, gitrepo.GitHub, from, to)
			}
		case kind == "gitlab":
			if repository := gitlabProject(c.URL, site); repository != "" {
				return gitrepo.Compare(repository, gitrepo.GitLab, from, to)
			}
		}
	}
	return ""
}

// siteOf is the address of the pages of a source's tool, and the source's kind.
func (s *Server) siteOf(source string) (site, kind string) {
	for _, i := range s.Inlets {
		if i.Name == source {
			return i.Site, i.Kind
		}
	}
	return "", ""
}

// githubID is what the source of GitHub calls a change: github:OWNER/REPOSITORY/….
var githubID = regexp.MustCompile(`^github:([0-9A-Za-z._-]+/[0-9A-Za-z._-]+)/`)

func githubRepository(changeID string) string {
	if found := githubID.FindStringSubmatch(changeID); found != nil {
		return found[1]
	}
	return ""
}

// gitlabProject is the address of a project, from that of one of its pages; "" where it is not on the site.
func gitlabProject(page, site string) string {
	project, _, found := strings.Cut(page, "/-/")
	if !found || !strings.HasPrefix(project, site+"/") {
		return ""
	}
	return project
}
