package gitrepo

import (
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/pushback/pushback/sources"
)

// Forge is what a code host runs, which decides how the address of a comparison is written.
type Forge string

// The forges whose addresses are known.
const (
	GitHub    Forge = "github"
	GitLab    Forge = "gitlab"
	Bitbucket Forge = "bitbucket"
	Gitea     Forge = "gitea" // Forgejo and Codeberg too
)

// forgesByHost are the words in a host's name that say what it runs.
var forgesByHost = []struct {
	word  string
	forge Forge
}{
	{"github", GitHub}, {"gitlab", GitLab}, {"bitbucket", Bitbucket}, {"gitea", Gitea}, {"forgejo", Gitea}, {"codeberg", Gitea},
}

// Compare returns the page that compares two revisions on the code host of a remote. It is
// "" where the remote is no address of one, or where nobody can tell what the host runs and
// forge does not say so: no link is better than a wrong one.
func Compare(remote string, forge Forge, from, to Revision) string {
	page, ok := webAddress(remote)
	if !ok {
		return ""
	}
	for _, known := range forgesByHost {
		if forge == "" && strings.Contains(page.Host, known.word) {
			forge = known.forge
		}
	}
	a, b := url.PathEscape(from.ref()), url.PathEscape(to.ref())
	switch forge {
	case GitHub, Gitea:
		return text(page.JoinPath("compare").String() + "/" + a + "..." + b)
	case GitLab:
		return text(page.JoinPath("-", "compare").String() + "/" + a + "..." + b)
	case Bitbucket:
		return text(compareOnBitbucket(page, from.ref(), to.ref()))
	}
	return ""
}

// text returns an address if an event may carry it.
func text(address string) string {
	if len(address) > sources.MaxText {
		return ""
	}
	return address
}

// compareOnBitbucket knows both kinds: the one in the cloud puts the newer revision first,
// and the one on one's own host keeps clones below /scm/.
func compareOnBitbucket(page *url.URL, from, to string) string {
	if page.Host == "bitbucket.org" {
		return page.JoinPath("branches", "compare").String() + "/" + url.PathEscape(to) + "%0D" + url.PathEscape(from)
	}
	segments := strings.Split(strings.TrimPrefix(strings.Trim(page.Path, "/"), "scm/"), "/")
	if len(segments) != 2 {
		return ""
	}
	page = page.JoinPath("/") // a copy
	page.Path = path.Join("/projects", segments[0], "repos", segments[1], "compare", "commits")
	page.RawQuery = url.Values{"sourceBranch": {to}, "targetBranch": {from}}.Encode()
	return page.String()
}

var (
	scpLike = regexp.MustCompile(`^(?:[^@/:\s]+@)?([0-9A-Za-z.-]+):([^:\\]+)$`)
	host    = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?(:[0-9]{1,5})?$`)
	segment = regexp.MustCompile(`^[0-9A-Za-z_~.][0-9A-Za-z_.~-]*$`)
)

// webAddress returns the address of a repository's pages, from the address that git fetches
// it from: https, http, ssh, git, or user@host:path. Only host and path are used.
func webAddress(remote string) (*url.URL, bool) {
	page := &url.URL{Scheme: "https"}
	if !strings.Contains(remote, "://") {
		parts := scpLike.FindStringSubmatch(remote)
		if parts == nil {
			return nil, false
		}
		page.Host, page.Path = parts[1], parts[2]
		return cleaned(page)
	}
	u, err := url.Parse(remote)
	if err != nil {
		return nil, false
	}
	page.Host, page.Path = u.Hostname(), u.Path // the port of ssh is none of the pages
	switch u.Scheme {
	case "http", "https":
		page.Scheme, page.Host = u.Scheme, u.Host
	case "ssh", "git", "git+ssh", "ssh+git":
	default:
		return nil, false
	}
	return cleaned(page)
}

// cleaned returns an address with a host and a plain path.
func cleaned(page *url.URL) (*url.URL, bool) {
	page.Host = strings.ToLower(page.Host)
	page.Path = "/" + strings.TrimSuffix(strings.Trim(page.Path, "/"), ".git")
	if !host.MatchString(page.Host) || page.Path == "/" {
		return nil, false
	}
	for _, s := range strings.Split(page.Path[1:], "/") {
		if !segment.MatchString(s) || strings.Trim(s, ".") == "" {
			return nil, false
		}
	}
	return page, true
}
