package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
)

// The adapters of these tests: one a section, with settings of every shape
// that a path can hide in.
type storeSettings struct {
	URL  string        `yaml:"url" required:"true"`
	Wait time.Duration `yaml:"wait"`
}

type sourceSettings struct {
	SecretFiles []string `yaml:"secret_files"`
	Insecure    bool     `yaml:"insecure"`
	Scope       struct {
		Services []string `yaml:"services"`
	} `yaml:",inline"`
}

type hookSettings struct {
	Nested struct {
		SecretFile string `yaml:"secret_file"`
	} `yaml:",inline"`
	Argv []string `yaml:"argv"`
}

type receiverSettings struct {
	TokenFile string `yaml:"token_file"`
}

var kinds = Kinds{
	Metrics:   map[string]func() any{"prometheus": func() any { return &storeSettings{Wait: time.Second} }},
	Sources:   map[string]func() any{"github": func() any { return new(sourceSettings) }},
	Hooks:     map[string]func() any{"command": func() any { return new(hookSettings) }},
	Receivers: map[string]func() any{"slack": func() any { return new(receiverSettings) }},
	Reports:   map[string]func() any{"github": func() any { return new(receiverSettings) }},
	Grafana:   func() any { return new(receiverSettings) },
}

// folderOf writes the files of a case, and the ones every case may name.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, always := range []string{"secret", "token"} {
		write(t, dir, always, "x")
	}
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		write(t, dir, name, text)
	}
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const metrics = "metrics: {prod: {kind: prometheus, url: http://127.0.0.1:9090}}\n"

func TestLoad(t *testing.T) {
	dir := folderOf(t, map[string]string{"pushback.yml": `
listen: 0.0.0.0:80
external_url: https://pushback.example.org
token_file: token
metrics:
  prod: {kind: prometheus, url: http://127.0.0.1:9090, default: true}
  lab: {kind: prometheus, url: http://127.0.0.1:9091, wait: 3s}
sources: {github: {kind: github, secret_files: [secret], services: [cart-*]}}
hooks: {shop: {kind: command, argv: [./back], secret_file: secret, idempotent: true, target: last_good, teams: [shop], services: [cart-*, x]}}
receivers: {team: {kind: slack, token_file: token}}
reports: {hub: {kind: github, token_file: token, sources: [github]}}
grafana: {token_file: token}
guards: {rollbacks_per: 2h, fleet: {share: 30%}}
trust: {new_rules: as_written, cap: ask}
retention: 7d
journal_retention: 100y
profiles: {cron: "0 4 * * *", zone: Europe/Berlin}
services: {aliases: aliases.csv, file: services.yml, default: {hook: shop}}
`, "aliases.csv": "alias,service,chat\n# comment\norg/cart,cart,team\n", "services.yml": "services: [{name: cart, match: {job: cart}}]"})
	got, problems := Load(filepath.Join(dir, "pushback.yml"), kinds)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	hook := &hookSettings{Argv: []string{"./back"}}
	hook.Nested.SecretFile = in("secret")
	github := &sourceSettings{SecretFiles: []string{in("secret")}}
	github.Scope.Services = []string{"cart-*"}
	limits := rollback.DefaultLimits()
	limits.Cooldown, limits.Fleet.Share = 2*time.Hour, 0.3
	want := Config{
		File: in("pushback.yml"), Listen: "0.0.0.0:80", ExternalURL: "https://pushback.example.org", TokenFile: in("token"),
		Data: in("data"), Rules: in("rules"), Profiles: rules.Schedule{Cron: "0 4 * * *", Zone: "Europe/Berlin"}, Missed: DefaultMissed, Retention: 7 * 24 * time.Hour, Journal: 100 * 365 * 24 * time.Hour, Store: Store{URL: "sqlite:" + in("data/pushback.db")},
		Metrics: map[string]Adapter{
			"prod": {"prod", "prometheus", &storeSettings{"http://127.0.0.1:9090", time.Second}},
			"lab":  {"lab", "prometheus", &storeSettings{"http://127.0.0.1:9091", 3 * time.Second}},
		},
		DefaultMetrics: "prod",
		Sources:        map[string]Source{"github": {Adapter{"github", "github", github}, []string{"cart-*"}, nil, false}},
		Hooks:          map[string]Hook{"shop": {Adapter{"shop", "command", hook}, true, LastGood, false, "", rollback.Binding{Teams: []string{"shop"}, Services: []string{"cart-*", "x"}}}},
		Receivers:      map[string]Adapter{"team": {"team", "slack", &receiverSettings{in("token")}}},
		Reports:        map[string]Report{"hub": {Adapter{"hub", "github", &receiverSettings{in("token")}}, []string{"github"}}},
		Grafana:        &Adapter{"grafana", "grafana", &receiverSettings{in("token")}},
		Guards:         Guards{Limits: limits, FreezeFile: in("data/freeze")},
		Business:       DefaultBusiness,
		Services: Services{
			Name: "job", Match: []string{"job"}, List: []Service{{Name: "cart", Match: map[string]string{"job": "cart"}}},
			Aliases: []Alias{{Name: "org/cart", Service: "cart", Responsible: Responsible{Chat: "team"}}},
			Default: Responsible{Hook: "shop"},
		},
		Trust: Trust{AsWritten: true, Cap: rules.Ask, Clean: DefaultClean},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Config{})); diff != "" {
		t.Error(diff)
	}
}

// natural is a kind of hook that knows its own nature.
type natural struct {
	hookSettings `yaml:",inline"`
}

func (*natural) Idempotent() bool { return true }
func (*natural) Aborts() bool     { return true }

// What a hook is by its kind's nature, and what is written instead.
func TestNatures(t *testing.T) {
	f := func(kind, written string, idempotent, aborts bool) {
		t.Helper()
		dir := folderOf(t, map[string]string{"pushback.yml": metrics + "hooks: {shop: {kind: " + kind + written + "}}"})
		k := kinds
		k.Hooks = map[string]func() any{"command": kinds.Hooks["command"], "exact": func() any { return new(natural) }}
		c, problems := Load(filepath.Join(dir, "pushback.yml"), k)
		if h := c.Hooks["shop"]; len(problems) > 0 || h.Idempotent != idempotent || h.Abort != aborts {
			t.Errorf("kind %s%s: idempotent %v, aborts %v, %v", kind, written, h.Idempotent, h.Abort, problems)
		}
	}
	f("command", "", false, false)
	f("command", ", idempotent: true, abort: true", true, true)
	f("exact", "", true, true)
	f("exact", ", idempotent: false, abort: false", false, false)
}

func TestDiagnostics(t *testing.T) {
	f := func(source string, want ...string) {
		t.Helper()
		dir := folderOf(t, map[string]string{"pushback.yml": source})
		_, problems := Load(filepath.Join(dir, "pushback.yml"), kinds)
		var got []string
		for _, p := range problems {
			got = append(got, strings.ReplaceAll(p.String(), dir+string(filepath.Separator), ""))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", source, diff)
		}
	}
	f(metrics)
	const none = "no metric store is named [missing-field]\n  hint: write one, as in metrics: {prod: {kind: prometheus, url: http://prometheus:9090}}"
	f("", "pushback.yml:1:1: "+none)
	f("# all of it is a comment\n", "pushback.yml:1:1: "+none)
	f("metrics: {}", "pushback.yml:1:10: "+none)
	f("metrics: 5", `pushback.yml:1:10: expected keys and values, found a number [wrong-type]`)
	f(metrics+"replica: 'web 1'", "pushback.yml:2:10: \"web 1\" cannot name a replica [bad-name]\n  hint: write up to 100 letters, digits and . _ : -, such as pushback-1")
	f(metrics+"listen: ':0'", "pushback.yml:2:9: listening beyond this host requires a token [open-to-all]\n  hint: add token_file, or listen on 127.0.0.1")
	f("listen: 127.0.0.1:1", "pushback.yml:1:1: the key \"metrics\" is missing [missing-field]\n  hint: write metrics: {prod: {kind: prometheus, url: http://prometheus:9090}}")
	f("metric: {prod: {kind: prometheus, url: x}}", "pushback.yml:1:1: unknown key \"metric\" [unknown-key]\n  hint: did you mean \"metrics\"?")
	f("metrics: {prod: {knd: prometheus, url: x}}", "pushback.yml:1:18: unknown key \"knd\" [unknown-key]\n  hint: did you mean \"kind\"?")
	f("metrics: {prod: {type: prometheus, url: x}}", "pushback.yml:1:18: unknown key \"type\" [unknown-key]\n  hint: did you mean \"kind\"?")
	f("metrics: {kind: prometheus, url: x}", "pushback.yml:1:10: an entry stands here without a name [wrong-type]\n  hint: give each a name, as in NAME: {kind: prometheus, ...}")
	f("metrics: [{kind: prometheus, url: x}]", "pushback.yml:1:10: expected names with their settings, found a list [wrong-type]\n  hint: give each a name, as in NAME: {kind: prometheus, ...}")
	f("metrics: http://x", "pushback.yml:1:10: expected names with their settings, found text [wrong-type]\n  hint: give each a name, as in NAME: {kind: prometheus, ...}")
	f(metrics+"listen: 8484", "pushback.yml:2:9: expected text, found a number [unquoted-text]\n  hint: write host:port, such as 127.0.0.1:8484")
	f(metrics+"listen: '127.0.0.1:99999'", "pushback.yml:2:9: this is not an address to listen on [bad-address]\n  hint: write host:port, such as 127.0.0.1:8484")
	f(metrics+"listen: http://127.0.0.1:8484", "pushback.yml:2:9: this is not an address to listen on [bad-address]\n  hint: write host:port, such as 127.0.0.1:8484, without http://; TLS is a matter of web_config")
	f(metrics+"listen: '${LISTEN}'", "pushback.yml:2:9: this is not an address to listen on [bad-address]\n  hint: write host:port, such as 127.0.0.1:8484; variables of the environment are not filled in")
	f(metrics+"rules: pushback.yml\ndata: pushback.yml", "pushback.yml:2:8: pushback.yml is a file; this key names a folder [bad-value]\n  hint: name the folder that holds it",
		"pushback.yml:3:7: pushback.yml is a file; this key names a folder [bad-value]\n  hint: name the folder that holds it")
	f(metrics+"token: hunter2hunter2hunter2", "pushback.yml:2:1: unknown key \"token\" [unknown-key]\n  hint: write \"token_file\": it names a file that holds the token",
		"pushback.yml:2:8: the secret token must not be written in this file [secret-in-file]\n  hint: write it into a file that only Pushback can read, and name the file: a key that ends in _file, or http_headers: {NAME: {files: [...]}}")
	f(metrics+"listne: x", "pushback.yml:2:1: unknown key \"listne\" [unknown-key]\n  hint: did you mean \"listen\"?")
	f("metrics: {prod: {kind: promethes}}", "pushback.yml:1:24: there is no kind \"promethes\" in this section [unknown-kind]\n  hint: did you mean \"prometheus\"?")
	f("metrics: {prod: {url: x}}", "pushback.yml:1:17: the key \"kind\" is missing [missing-field]\n  hint: write one of prometheus")
	f("metrics: {prod: {kind: prometheus, utl: x}}",
		"pushback.yml:1:36: unknown key \"utl\" [unknown-key]\n  hint: did you mean \"url\"?")
	f("metrics: {Prod: {kind: prometheus, url: x}}", "pushback.yml:1:11: a name here has lower-case letters, digits, - and _, and begins with a letter [bad-name]")
	f("metrics: {a: {kind: prometheus, url: x}, b: {kind: prometheus, url: y}}",
		"pushback.yml:1:10: 0 of 2 metric stores are marked as default; exactly one must be [no-default]\n  hint: write `default: true` in one of them")
	f(metrics+"token_file: nowhere", "pushback.yml:2:13: cannot read nowhere: no such file or directory [missing-file]\n  hint: paths are relative to the folder of the file that names them")
	f(metrics+"sources: {g: {kind: github, secret_files: [nowhere]}}", "pushback.yml:2:43: cannot read nowhere: no such file or directory [missing-file]\n  hint: paths are relative to the folder of the file that names them")
	f(metrics + "sources: {g: {kind: github, insecure: true}}")
	f(metrics+"listen: 10.0.0.1:80\ntoken_file: token\nsources: {g: {kind: github, insecure: true}}",
		"pushback.yml:4:39: an insecure source is allowed only where nobody but this host can reach it [insecure-source]\n  hint: give it secret_files, or listen on 127.0.0.1 and leave external_url out")
	f(metrics+"external_url: https://pushback.example.org\nsources: {g: {kind: github, insecure: true}}",
		"pushback.yml:3:39: an insecure source is allowed only where nobody but this host can reach it [insecure-source]\n  hint: give it secret_files, or listen on 127.0.0.1 and leave external_url out")
	f(metrics+"hooks: {h: {kind: command, teams: [], services: ['[']}}", "pushback.yml:2:35: nobody is named here [bad-value]\n  hint: name who may use the hook, or leave the key out",
		"pushback.yml:2:50: this is no name, and no pattern such as shop-* [bad-value]")
	f(metrics+"hooks: {h: {kind: command, teams: ['', x]}}", "pushback.yml:2:36: this is no name, and no pattern such as shop-* [bad-value]")
	f(metrics+"retention: 1h\njournal_retention: 10m", "pushback.yml:2:12: this is too short: a change would be deleted while people ask about it [bad-value]\n  hint: write at least 1d; the default is 90d",
		"pushback.yml:3:20: the journal must be stored as long as the changes that it explains [bad-value]\n  hint: write at least the value of retention; the default is 1095d")
	f(metrics+"hooks: {h: {kind: command, target: next}}", "pushback.yml:2:36: this is not a target [bad-value]\n  hint: write previous, last_good or \"off\"")
	f(metrics+"store: {url: 'postgres://me:hunter2@db/x'}",
		"pushback.yml:2:14: a password in a URL must not be written in this file [secret-in-file]\n  hint: leave it out of the URL, and name a file with it, such as store: {url_file: ...}")
	f(metrics+"store: {url: 'mysql://db/x'}", "pushback.yml:2:14: this is not the URL of a database [bad-address]\n  hint: write sqlite:/path/to/file.db or postgres://host/database")
	f(metrics+"trust: {new_rules: blindly, cap: none}",
		"pushback.yml:2:20: this is not a value of new_rules [bad-value]\n  hint: write observe or as_written",
		"pushback.yml:2:34: this is not a mode [bad-value]\n  hint: write observe, ask or act")
	f(metrics + "guards: {rollbacks_per: 30d, max_age: 10m, approve_within: 24h, confounded: {within: 1m, stands_out: 10}, fleet: {watches: 5, services: 1, share: 90%, within: 1h, hold: 24h}}")
	f(metrics+"guards: {rollbacks_per: 1s, max_age: 25h, confounded: {stands_out: 1}}",
		"pushback.yml:2:25: this must be from 10s to 30d [out-of-range]",
		"pushback.yml:2:38: this must be from 10m to 1d [out-of-range]",
		"pushback.yml:2:68: this must be from 1.5 to 10 [out-of-range]")
	f(metrics+"guards: {fleet: {watches: 0, services: 5000, share: 95%}}",
		"pushback.yml:2:27: this must be from 5 to 10000 [out-of-range]",
		"pushback.yml:2:40: this must be from 1 to 1000 [out-of-range]",
		"pushback.yml:2:53: this must be from 5% to 90% [out-of-range]")
	f(metrics+"guards: {fleet: {share: a third}}", "pushback.yml:2:25: \"a third\" is not a percentage [bad-value]\n  hint: write it as 20%")
	f(metrics+"freezes: {friday: [{cron: '0 15 * * FRI', duration: 65h}]}\nguards: {freezes: [firday]}",
		"pushback.yml:3:20: there is no freeze window \"firday\" under freezes [unknown-name]\n  hint: did you mean \"friday\"?")
	f(metrics+"services: {list: [{name: c\u0430rt, owner: \"shop\\u200b\"}]}",
		"pushback.yml:2:26: this name holds letters of another alphabet that look like those of Latin words: write each word in one alphabet [bad-name]",
		"pushback.yml:2:39: this name holds a character that nobody sees, such as a zero-width or a no-break space: leave it out [bad-name]")
	f(metrics+"services: {list: [{name: cart, depends_on: [cart]}]}", "pushback.yml:2:45: a service does not depend on itself [bad-value]")
	f(metrics+"hooks: {shop: {kind: command}}\nservices: {default: {hook: shpo}, list: [{name: a, chat: b}]}",
		"pushback.yml:3:28: there is no hook \"shpo\" under hooks [unknown-name]\n  hint: did you mean \"shop\"?",
		"pushback.yml:3:58: there is no receiver \"b\" under receivers [unknown-name]\n  hint: there are none: add it under receivers, or take this key out")
	f(metrics+"hooks: {shop: {kind: command, services: [a-*]}}\nservices: {default: {hook: shop}, list: [{name: a-b, hook: shop}, {name: b, hook: shop}]}",
		"pushback.yml:3:83: hook \"shop\" is bound to services a-*, and this is b [bound-hook]\n  hint: add the service to services of the hook, or name another hook")
	f(metrics+"metrics: {}", "pushback.yml:2:1: the key \"metrics\" stands here a second time [duplicate-key]\n  hint: the first is on line 1")
	f("\tx", "pushback.yml:1:1: this line is indented with a tab [yaml-syntax]\n  hint: YAML is indented with spaces: replace each tab by two spaces")
}

func TestAliasesSayWhereTheyAreWrong(t *testing.T) {
	f := func(csv, want string) {
		t.Helper()
		dir := folderOf(t, map[string]string{"pushback.yml": metrics + "hooks: {bound: {kind: command, services: [x]}}\nservices: {aliases: aliases.csv}", "aliases.csv": csv})
		_, problems := Load(filepath.Join(dir, "pushback.yml"), kinds)
		if len(problems) != 1 || !strings.Contains(problems[0].String(), want) {
			t.Errorf("%q: got %v, want %s", csv, problems, want)
		}
	}
	f("", "aliases.csv:1:1: EOF")
	f("alias,service,hok\n", `aliases.csv:1:15: this is not a column of an aliases file`)
	f("alias\n", `aliases.csv:1:1: the column "service" is missing`)
	f("alias,service\na\n", "aliases.csv:2:1: wrong number of fields")
	f("alias,service\na,\n", "aliases.csv:2:1: alias and service must not be empty")
	f("alias,service,hook\na,b,bound\n", `aliases.csv:2:5: hook "bound" is bound to services x, and this is b [bound-hook]`)
	f("alias,service\na,b\u200b\n", "aliases.csv:2:3: this name holds a character that nobody sees")
	f("alias,service,hook\na,b,nope\n", `aliases.csv:2:5: there is no hook "nope"`)
}

func TestUnreadableFile(t *testing.T) {
	_, problems := Load(filepath.Join(t.TempDir(), "pushback.yml"), kinds)
	if len(problems) != 1 || problems[0].Code != Unreadable {
		t.Errorf("got %v", problems)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(metrics + "hooks: {h: {kind: command, target: last_good}}\nservices: {list: [{name: a, match: {b: c}}]}")
	f.Add("metrics: {p: {kind: prometheus, url: x, url: y}}\nlisten: nowhere")
	f.Add("metrics: {'a,b': {kind: prometheus}, 'c\"d': {kind: 5}}")
	f.Add("metrics: &a {p: *a}")
	f.Fuzz(func(t *testing.T, source string) {
		dir := t.TempDir()
		write(t, dir, "pushback.yml", source)
		c, problems := Load(filepath.Join(dir, "pushback.yml"), kinds)
		if len(problems) == 0 && c.DefaultMetrics == "" && len(c.Metrics) > 0 {
			t.Error("accepted without a default store")
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("a problem without a place or words: %+v", p)
			}
		}
	})
}

// TestHookTargets: a hook restores off for flags where its kind or pushback.yml says so.
func TestHookTargets(t *testing.T) {
	f := func(written string, want Target, fixed string) {
		t.Helper()
		dir := folderOf(t, map[string]string{"pushback.yml": metrics + "hooks: {h: {kind: command, argv: [./back]" + written + "}}"})
		got, problems := Load(filepath.Join(dir, "pushback.yml"), kinds)
		if h := got.Hooks["h"]; len(problems) > 0 || h.Target != want || h.Fixed != fixed {
			t.Errorf("%s: target %q, fixed %q; %v", written, h.Target, h.Fixed, problems)
		}
	}
	f("", Previous, "")
	f(", target: previous", Previous, "")
	f(", target: last_good", LastGood, "")
	f(`, target: "off"`, Previous, "off")
	f(", target: off", Previous, "off")
}

type switchSettings struct{}

func (*switchSettings) FixedTarget() string { return "off" }

func TestKindWithAFixedTarget(t *testing.T) {
	if got := fixedTarget(&switchSettings{}); got != "off" {
		t.Errorf("%q", got)
	}
	if got := fixedTarget(&hookSettings{}); got != "" {
		t.Errorf("%q", got)
	}
}
