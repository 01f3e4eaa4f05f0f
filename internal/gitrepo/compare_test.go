package gitrepo

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

var (
	tagged = Revision{Commit: strings.Repeat("a", 40), Tag: "v1"}
	bare   = Revision{Commit: strings.Repeat("b", 40)}
)

func TestCompare(t *testing.T) {
	f := func(remote string, forge Forge, want string) {
		t.Helper()
		if got := Compare(remote, forge, tagged, bare); got != want {
			t.Errorf("%s %s: %q, want %q", remote, forge, got, want)
		}
	}
	b := bare.Commit
	for _, remote := range []string{
		"https://github.com/acme/shop.git", "https://github.com/acme/shop", "https://github.com/acme/shop/", "git@github.com:acme/shop.git", "github.com:acme/shop",
		"ssh://git@github.com/acme/shop.git", "ssh://git@github.com:22/acme/shop.git", "git://github.com/acme/shop.git", "https://amy:s3cret@github.com/acme/shop.git?token=s3cret#s3cret",
		"https://s3cret@GitHub.com/acme/shop.git",
	} {
		f(remote, "", "https://github.com/acme/shop/compare/v1..."+b)
	}
	f("git@gitlab.com:group/sub/shop.git", "", "https://gitlab.com/group/sub/shop/-/compare/v1..."+b)
	f("https://oauth2:glpat-s3cret@gitlab.example.org:8443/g/shop.git", "", "https://gitlab.example.org:8443/g/shop/-/compare/v1..."+b)
	f("git@bitbucket.org:acme/shop.git", "", "https://bitbucket.org/acme/shop/branches/compare/"+b+"%0Dv1")
	f("ssh://git@bitbucket.acme.org:7999/shop/cart.git", "", "https://bitbucket.acme.org/projects/shop/repos/cart/compare/commits?sourceBranch="+b+"&targetBranch=v1")
	f("https://bitbucket.acme.org/scm/shop/cart.git", "", "https://bitbucket.acme.org/projects/shop/repos/cart/compare/commits?sourceBranch="+b+"&targetBranch=v1")
	f("https://codeberg.org/acme/shop.git", "", "https://codeberg.org/acme/shop/compare/v1..."+b)
	f("gitea@git.acme.org:acme/shop.git", Gitea, "https://git.acme.org/acme/shop/compare/v1..."+b)
	f("http://127.0.0.1:3000/acme/shop.git", Gitea, "http://127.0.0.1:3000/acme/shop/compare/v1..."+b)
	f("https://git.acme.org/acme/shop.git", "", "") // nobody can tell what it runs
	for _, remote := range []string{
		"", "/srv/git/shop.git", "../shop", "file:///srv/github.com/shop.git", "ext::sh -c github.com%", "https://github.com", "https://github.com/",
		"https://github.com/acme/../../etc", "https://github.com/acme/sh op", "https://git hub.com/acme/shop", "https://github.com/acme/\x1b[31m", "javascript://github.com/%0aalert(1)",
		"https://github.com@evil.example:x/acme/shop", "git@github.com:-oProxyCommand=x", "https://[::1/acme", "C:\\github\\shop",
	} {
		f(remote, "", "")
	}
	slashed := Revision{Commit: b, Tag: "cart/v2"}
	if got := Compare("git@github.com:acme/shop", "", tagged, slashed); got != "https://github.com/acme/shop/compare/v1...cart%2Fv2" {
		t.Error(got)
	}
}

// Whatever a remote holds, the address has nothing of it but host and path.
func FuzzCompare(f *testing.F) {
	f.Add("https://amy:s3cret@github.com/acme/shop.git")
	f.Add("git@gitlab.com:g/s.git")
	f.Add("ssh://git@bitbucket.acme.org:7999/shop/cart.git")
	f.Fuzz(func(t *testing.T, remote string) {
		for _, forge := range []Forge{"", GitHub, GitLab, Bitbucket, Gitea} {
			page := Compare(remote, forge, tagged, bare)
			if page == "" {
				continue
			}
			u, err := url.Parse(page)
			if err != nil || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || slices.Contains(strings.Split(u.Path, "/"), "..") {
				t.Errorf("%q became %q, %v", remote, page, err)
			}
		}
	})
}
