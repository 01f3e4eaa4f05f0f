package naming_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/naming"
	"github.com/pushback/pushback/sources"
)

var plan = rollback.Plan{
	Change: sources.Change{ID: "42", Service: "example/cart", Environment: "production", Kind: sources.Flag, Version: "v2", Labels: map[string]string{"flag": "new-cart", "odd": "a\nb"}},
	Target: "v1",
}

func TestCheck(t *testing.T) {
	f := func(setting, want string) {
		t.Helper()
		err := naming.CheckPlaceholders("repository", setting)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", setting, err, want)
		}
	}
	f("example/cart", "")
	f("$service", "")
	f("example/$service", "")
	f("$label.flag", "")
	f("$label.", "unknown placeholder")
	f("$verison", "there are $key")
	f("x-$service", "whole text between two slashes")
	f("$$service", "unknown placeholder")
}

func TestFill(t *testing.T) {
	f := func(setting, want string) {
		t.Helper()
		got, err := naming.Fill("name", setting, plan)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q gave %q, %v; want %q", setting, got, err, want)
		}
	}
	f("fixed", "fixed")
	f("$service", "example/cart")
	f("a/$environment", "a/production")
	f("$label.flag", "new-cart")
	f("$kind/$version/$target_version/$change", "flag/v2/v1/42")
	f("$key", plan.Change.Key())
	f("$region", "")
	f("$group", "")
	f("$label.missing", "")
	f("$label.odd", "")
}

func TestPlain(t *testing.T) {
	for name, want := range map[string]bool{
		"cart": true, "a.b-c_D9": true, "": false, ".": false, "..": false, "a/b": false, "a b": false, "é": false,
		strings.Repeat("x", 257): false, "%2e": false, "a?b": false,
	} {
		if naming.IsPlainName(name) != want {
			t.Errorf("Plain(%.20q) is %v", name, !want)
		}
	}
}

func TestSame(t *testing.T) {
	const sha = "ea8759964626a583667a2bfd08f334ec2070040a"
	f := func(a, b string, want bool) {
		t.Helper()
		if naming.SameVersion(a, b) != want || naming.SameVersion(b, a) != want {
			t.Errorf("%q and %q: want %v", a, b, want)
		}
	}
	f("v1", "v1", true)
	f("v1", "v2", false)
	f("v1", "1", false)
	f("v1", "v1.2", false)
	f(sha, sha[:7], true)
	f(sha, sha[:6], false)
	f(sha, sha[1:9], false)
	f("2026.11", "2026.112", false)
	f("", "", false)
}

func TestImage(t *testing.T) {
	f := func(image, version string, want bool) {
		t.Helper()
		if naming.ImageHasVersion(image, version) != want {
			t.Errorf("%q of %q: want %v", image, version, want)
		}
	}
	f("shop/cart:v1", "v1", true)
	f("shop/cart:v1", "v2", false)
	f("registry:5000/cart", "5000/cart", false)
	f("registry:5000/cart:v1", "v1", true)
	f("cart@sha256:abc", "sha256:abc", true)
	f("cart:v1@sha256:abc", "v1", true)
	f("cart:v1@sha256:abc", "sha256:abc", true)
	f("cart", "", false)
	f("cart", "cart", true)
	f("cart@sha256:abc", "abc", false)
}

func FuzzFill(f *testing.F) {
	f.Add("example/$service", "cart")
	f.Add("$label.flag", "\x00")
	f.Fuzz(func(t *testing.T, setting, service string) {
		if naming.CheckPlaceholders("name", setting) != nil {
			return
		}
		got, err := naming.Fill("name", setting, rollback.Plan{Change: sources.Change{Service: service}})
		if err == nil && !naming.IsFixed(setting) && strings.ContainsFunc(service, unicode.IsControl) && strings.Contains(got, service) {
			t.Errorf("control characters came through: %q", got)
		}
		if err == nil && len(got) > len(setting)*260 {
			t.Errorf("endless: %d bytes", len(got))
		}
	})
}
