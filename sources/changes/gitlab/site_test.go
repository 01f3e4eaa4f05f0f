package gitlab

import "testing"

func TestSite(t *testing.T) {
	for api, want := range map[string]string{
		"": "https://gitlab.com", DefaultAPI: "https://gitlab.com",
		"https://code.example.org/api/v4": "https://code.example.org", "https://code.example.org/sub/api/v4/": "https://code.example.org/sub",
	} {
		if got := (Config{APIURL: api}).Site(); got != want {
			t.Errorf("%q: %q, want %q", api, got, want)
		}
	}
}
