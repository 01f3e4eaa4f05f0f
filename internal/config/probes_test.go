package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// embeddedSettings stand for those of the embedded store.
type embeddedSettings struct {
	ScrapeInterval time.Duration `yaml:"scrape_interval"`
	data           string
}

func (s *embeddedSettings) SetData(data string) { s.data = filepath.Base(data) }

func loadProbes(t *testing.T, text string) (Config, Diagnostics) {
	t.Helper()
	k := kinds
	k.Metrics = map[string]func() any{"prometheus": kinds.Metrics["prometheus"], "embedded": func() any { return new(embeddedSettings) }}
	dir := folderOf(t, map[string]string{"pushback.yml": text, "password": "s3cret-of-a-customer"})
	return Load(filepath.Join(dir, "pushback.yml"), k)
}

const page = "probes: [{service: shop, http: \"https://shop.example/\"}, {service: db, tcp: \"db:5432\", every: 20s}]\n"

// TestProbesBringTheirStore: without a store that probes can write to, one is made, and it is
// the default one if there is no other.
func TestProbesBringTheirStore(t *testing.T) {
	f := func(text, standard, ofProbes string) {
		t.Helper()
		c, found := loadProbes(t, text+page)
		if len(found) > 0 || c.DefaultMetrics != standard || c.ProbeStore != ofProbes {
			t.Errorf("%s: default %q, of probes %q, %v; want %q, %q", text, c.DefaultMetrics, c.ProbeStore, found, standard, ofProbes)
		}
		if diff := cmp.Diff([]string{"db", "shop"}, c.Services.Probed); diff != "" {
			t.Error(diff)
		}
	}
	f("", "probes", "probes")
	f(metrics, "prod", "probes")
	f("metrics: {here: {kind: embedded}}\n", "here", "here")
	f("metrics: {prod: {kind: prometheus, url: http://x, default: true}, here: {kind: embedded}}\n", "prod", "here")
	f("metrics: {probes: {kind: embedded}, here: {kind: embedded, default: true}}\n", "here", "probes")

	c, _ := loadProbes(t, page)
	made, is := c.Metrics["probes"].Settings.(*embeddedSettings)
	if !is || made.ScrapeInterval != 20*time.Second || made.data != "data" {
		t.Errorf("the store that was made has %+v", c.Metrics["probes"])
	}
}

// TestWrongProbes: each mistake stands at its line and column.
func TestWrongProbes(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, found := loadProbes(t, text)
		var got []string
		for _, d := range found {
			got = append(got, strings.ReplaceAll(strings.TrimPrefix(d.String(), d.File+":"), filepath.Dir(d.File)+"/", ""))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
	const one = "exactly one of http, tcp and tls"
	f("probes: []\n", "1:9: no probe is named [missing-field]\n  hint: write one, as in probes: [{service: shop, http: \"https://shop.example/\"}]")
	f("probes: [{service: shop}]\n", "1:10: a probe has "+one+" [bad-settings]\n  hint: write one of them, as in http: \"https://shop.example/\"")
	f("probes:\n  - service: shop\n    http: https://shop.example/\n    status: [200, 9]\n", "4:13: \"9\" is not a status [bad-value]\n  hint: write 2xx, 200, or a list such as [200, 301]")
	f("probes:\n  - service: shop\n    http: https://shop.example/\n    timeout: 5s\n", "4:14: this must be shorter than every, which is 5s [bad-settings]\n  hint: a probe must have ended before the next one begins")
	f("probes:\n  - service: shop\n    htpp: https://shop.example/\n    tcp: 'x:1'\n", "3:5: unknown key \"htpp\" [unknown-key]\n  hint: did you mean \"http\"?")
	f("probes:\n  - {service: shop, http: 'https://a.example', basic_auth: {username: u, password_file: none}}\n", "2:89: cannot read none: no such file or directory [missing-file]\n  hint: paths are relative to the folder of the file that names them")
	f("probes:\n  - {service: shop, http: 'https://a.example'}\n  - {service: shop, http: 'https://b.example'}\n", "3:5: two probes are called \"shop-http\" [bad-name]\n  hint: give this one a name")
	f("probes:\n  - {service: shop, http: 'https://me:hunter2hunter2@shop.example'}\n",
		"2:27: the url holds a user or password [bad-settings]\n  hint: write basic_auth: {username: NAME, password_file: FILE} beside http",
		"2:27: a user or password in a URL must not be written in this file [secret-in-file]\n  hint: leave it out of the URL, and name a file with it: http: {basic_auth: {username: ..., password_file: ...}}, or store: {url_file: ...}")
	f("probes:\n  - {service: shop, tcp: 'db:1'}\nmetrics: {a: {kind: embedded, default: true}, b: {kind: embedded}}\n", "2:3: 2 metric stores are of kind embedded [no-default]\n  hint: call the one that they are to write to probes")
	f("probes:\n  - {service: shop, tcp: 'db:1'}\nmetrics: {probes: {kind: prometheus, url: x}}\n", "3:19: probes write to a metric store of kind embedded, and this name is that of the store which is made for them [bad-name]\n  hint: give this store another name")
}
