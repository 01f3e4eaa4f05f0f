package catalogue

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

func patterns(t testing.TB, texts ...string) (all []Pattern) {
	t.Helper()
	for _, text := range texts {
		p, err := ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		if p.String() != text {
			t.Errorf("%q is shown as %q", text, p.String())
		}
		all = append(all, p)
	}
	return all
}

func TestMap(t *testing.T) {
	c := New(Config{
		Aliases: map[string]string{"acme/legacy": "old-prod", "acme/cart": "basket"},
		Patterns: map[string][]Pattern{
			"github": patterns(t, "acme/(?<service>.+)", "(?<service>[^/]+)/deploy", "acme/x-(?<service>.+)"),
			"argocd": patterns(t, "(?<service>.+)-(?<environment>production|staging)(-(?<region>eu|us))?", "(?<service>.+)-(prod|eu)"),
			"*":      patterns(t, "team-a/(?P<service>.+)", "(?<service>.*)!"),
		},
	}, nil)
	f := func(source, name string, want Mapped) {
		t.Helper()
		if got := c.Map(source, name); got != want {
			t.Errorf("%s %q: %+v, want %+v", source, name, got, want)
		}
	}
	f("github", "acme/search", Mapped{Service: "search"})
	f("github", "acme/cart", Mapped{Service: "basket"})          // an alias wins
	f("argocd", "acme/legacy", Mapped{Service: "old-prod"})      // and is not mapped again
	f("github", "xacme/search", Mapped{Service: "xacme/search"}) // the whole name must match
	f("github", "acme/search\n", Mapped{Service: "acme/search\n"})
	f("argocd", "cart-eu-prod", Mapped{Service: "cart-eu"})
	f("argocd", "cart-staging-eu", Mapped{Service: "cart", Environment: "staging", Region: "eu", Or: "cart-staging"})
	f("argocd", "acme/search", Mapped{Service: "acme/search"}) // patterns of another source
	f("argocd", "team-a/cart", Mapped{Service: "cart"})        // those of all
	f("github", "acme/x-cart", Mapped{Service: "x-cart", Or: "cart"})
	f("github", "!", Mapped{Service: "!"}) // an empty service is none
	f("github", "acme/"+strings.Repeat("a", maxMatched), Mapped{Service: "acme/" + strings.Repeat("a", maxMatched)})
	f("github", "", Mapped{})
	f("api", "(?<service>.+)", Mapped{Service: "(?<service>.+)"})
}

func TestCanonicalEvent(t *testing.T) {
	c := New(Config{Patterns: map[string][]Pattern{"argocd": patterns(t, "(?<service>.+)-(?<environment>staging)-(?<region>eu)")}}, nil)
	e := c.CanonicalEvent(sources.Event{Source: "argocd", Service: "cart-staging-eu"})
	if e.Service != "cart" || e.Environment != "staging" || e.Region != "eu" {
		t.Errorf("%+v", e)
	}
	// What the event says itself is not overridden.
	e = c.CanonicalEvent(sources.Event{Source: "argocd", Service: "cart-staging-eu", Environment: "qa", Region: "us"})
	if e.Service != "cart" || e.Environment != "qa" || e.Region != "us" {
		t.Errorf("%+v", e)
	}
}

func TestParsePatternRefuses(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := ParsePattern(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	f("", "empty")
	f("acme/(.+)", "does not say which part is the service")
	f("(?<service>.+", "RE2")
	f("(?=x)(?<service>.+)", "RE2")
	f("(?<service>a)|b)", "RE2") // would close what anchors it
	f("(?<srevice>.+)", `the group "srevice" is none of`)
	f("(?<service>.+)(?<service>.+)", "twice")
	f("(?<service>.+)"+strings.Repeat("a", maxPattern), "at most 1000")
	f("(?<service>(((a{100}){100}){100}))", "RE2")
}

// TestAlternativesAreAnchored: an alternative of a pattern matches whole names too.
func TestAlternativesAreAnchored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-c/-]{0,12}`).Draw(t, "name")
		text := rapid.SampledFrom([]string{"a/(?<service>.+)", "(?<service>b+)|c", "(?<service>.+?)-(a|b)"}).Draw(t, "pattern")
		p, err := ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		m, ok := p.match(name)
		found := regexp.MustCompile(text).FindAllString(name, -1)
		if ok && !strings.Contains(name, m.Service) || ok && len(found) == 0 {
			t.Fatalf("%q makes %+v of %q", text, m, name)
		}
		if whole := regexp.MustCompile(`^(` + text + `)$`).MatchString(name); ok && !whole {
			t.Fatalf("%q matches a part of %q", text, name)
		}
	})
}

func TestKnows(t *testing.T) {
	f := func(what string, c *Catalogue, service string, known, sure bool) {
		t.Helper()
		if k, s := c.Knows(service); k != known || s != sure {
			t.Errorf("%s: %s known %v, sure %v", what, service, k, s)
		}
	}
	f("nothing lists services", New(Config{Probed: []string{"db"}}, nil), "cart", false, false)
	listed := New(Config{List: []rules.Service{{Name: "cart"}}, Probed: []string{"db"}}, nil)
	f("listed", listed, "cart", true, true)
	f("listed", listed, "db", true, true)
	f("listed", listed, "cartt", false, true)
	discovering := New(Config{Discover: "up"}, showing("shop"))
	f("not asked yet", discovering, "shop", false, false)
	if _, err := discovering.Names(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	f("discovered", discovering, "shop", true, true)
	f("discovered", discovering, "shpo", false, true)
}

func FuzzParsePattern(f *testing.F) {
	f.Add("acme/(?<service>.+)", "acme/cart")
	f.Add("(?<service>.+)-(prod|eu)", "cart-eu")
	f.Fuzz(func(t *testing.T, text, name string) {
		p, err := ParsePattern(text)
		if err != nil {
			return
		}
		if m, ok := p.match(name); ok && m.Service == "" {
			t.Fatal("an empty service")
		}
	})
}
