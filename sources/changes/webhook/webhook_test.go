package webhook

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

func TestImages(t *testing.T) {
	f := func(image, name, version string) {
		t.Helper()
		if ImageName(image) != name || ImageVersion(image) != version {
			t.Errorf("%s is %q in %q", image, ImageName(image), ImageVersion(image))
		}
	}
	f("cart", "cart", "")
	f("cart:v42", "cart", "v42")
	f("registry:5000/acme/cart", "registry:5000/acme/cart", "")
	f("registry:5000/acme/cart:v42", "registry:5000/acme/cart", "v42")
	f("registry:5000/acme/cart:v42@sha256:00ff", "registry:5000/acme/cart", "v42")
	f("acme/cart@sha256:00ff", "acme/cart", "sha256:00ff")
	f("", "", "")
}

func TestMilliseconds(t *testing.T) {
	f := func(value string, want time.Time) {
		t.Helper()
		got, err := Milliseconds("at", json.RawMessage(value))
		if (err != nil) != want.IsZero() || !got.Equal(want) {
			t.Errorf("%s: %s, %v", value, got, err)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "at ") || len(value) > 4 && strings.Contains(err.Error(), value)) {
			t.Errorf("%s: %v", value, err)
		}
	}
	noon := time.Date(2026, 3, 1, 12, 2, 0, 0, time.UTC)
	f("1772366520000", noon)
	f(`"1772366520000"`, noon)
	for _, bad := range []string{"", "null", `""`, "true", "-1", "1e300", "99999999999999999", `"now"`, "{}", "1772366520000.5"} {
		f(bad, time.Time{})
	}
}

func TestIDsFitAndDiffer(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, id := range []string{ID("a", "b"), ID(long, "b"), ID(long)} {
		if len(id+":succeeded:start:rollout") > sources.MaxName {
			t.Errorf("%s is too long", id)
		}
	}
	if ID("a", "b") != "a:b" || ID(long, "ab", "c") == ID(long, "a", "bc") {
		t.Error("identifiers are mixed up")
	}
}

func TestGlobs(t *testing.T) {
	g := Globs{"deploy-*", "shop/*"}
	for name, want := range map[string]bool{"deploy-a/b": true, "shop/x/y": true, "shop": false, "test": false, "": false} {
		if g.Match(name) != want {
			t.Errorf("%q: want %t", name, want)
		}
	}
	if err := (Globs{"[a"}).Check("jobs"); err == nil || !strings.HasPrefix(err.Error(), "jobs") {
		t.Error(err)
	}
}

func TestLinksAndLabels(t *testing.T) {
	for url, want := range map[string]string{"https://a": "https://a", "http://a": "http://a", "job/a": "", "javascript:x": "", "": ""} {
		if Link(url) != want {
			t.Errorf("%q is %q", url, Link(url))
		}
	}
	got := Labels(map[string]string{"a": "1", "b": "", "c": strings.Repeat("x", sources.MaxText+1)})
	if len(got) != 1 || got["a"] != "1" {
		t.Errorf("%v", got)
	}
}
