package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/demo/playground"
	"github.com/pushback/pushback/rules"
)

const root = "../.."

// compose is the part of docker-compose.yml that can be checked without Docker.
type compose struct {
	Services map[string]composeService `yaml:"services"`
	Volumes  map[string]any            `yaml:"volumes"`
	Common   any                       `yaml:"x-pushback"`
}

type composeService struct {
	Build       any                          `yaml:"build"`
	ReadOnly    bool                         `yaml:"read_only"`
	Tmpfs       []string                     `yaml:"tmpfs"`
	CapDrop     []string                     `yaml:"cap_drop"`
	SecurityOpt []string                     `yaml:"security_opt"`
	Image       string                       `yaml:"image"`
	Command     []string                     `yaml:"command"`
	Ports       []string                     `yaml:"ports"`
	Volumes     []string                     `yaml:"volumes"`
	DependsOn   map[string]map[string]string `yaml:"depends_on"`
	Environment map[string]string            `yaml:"environment"`
	Healthcheck struct {
		Disable  bool     `yaml:"disable"`
		Test     []string `yaml:"test"`
		Interval string   `yaml:"interval"`
		Timeout  string   `yaml:"timeout"`
		Retries  int      `yaml:"retries"`
	} `yaml:"healthcheck"`
	Restart string `yaml:"restart"`
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Load(b, into, yaml.WithKnownFields()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestComposeNamesWhatIsThere(t *testing.T) {
	var c compose
	readYAML(t, "docker-compose.yml", &c)
	for name, s := range c.Services {
		for _, volume := range s.Volumes {
			from, _, _ := strings.Cut(volume, ":")
			_, declared := c.Volumes[from]
			if _, err := os.Stat(filepath.Join(root, from)); err != nil && !declared {
				t.Errorf("%s: nothing at %s", name, from)
			}
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: port %s is open to the network", name, port)
			}
		}
	}
}

// A service that waits for another must be able to: for the end of one that ends, and for the
// health of one that says how it is.
func TestComposeWaitsForWhatItNeeds(t *testing.T) {
	var c compose
	readYAML(t, "docker-compose.yml", &c)
	for name, s := range c.Services {
		for other, how := range s.DependsOn {
			o, ok := c.Services[other]
			switch condition := how["condition"]; {
			case !ok:
				t.Errorf("%s: depends on %s, which is no service", name, other)
			case condition == "service_completed_successfully" && o.Restart != "no":
				t.Errorf("%s: waits for the end of %s, which is started again", name, other)
			case condition == "service_healthy" && len(o.Healthcheck.Test) == 0:
				t.Errorf("%s: waits for the health of %s, which has no health check", name, other)
			case condition != "service_completed_successfully" && condition != "service_healthy":
				t.Errorf("%s: waits for %s until %q", name, other, condition)
			}
		}
		if _, waits := s.DependsOn["secrets"]; !waits && name != "secrets" && name != "pushback" {
			t.Errorf("%s: starts before there are secrets", name)
		}
	}
}

// Each service of our own has an image of its own, or it is not built when it is started alone.
func TestComposeBuildsAndConfines(t *testing.T) {
	var c compose
	readYAML(t, "docker-compose.yml", &c)
	for _, name := range []string{"secrets", "grafana-account", "pushback", "shop"} {
		s := c.Services[name]
		if s.Build == nil || s.Image != "" {
			t.Errorf("%s: builds %v as %q", name, s.Build, s.Image)
		}
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s: is not confined", name)
		}
		parser, err := newParser(t.Context(), newTerminal(io.Discard, io.Discard), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{s.Command, s.Healthcheck.Test[min(len(s.Healthcheck.Test), 2):]} {
			arguments := strings.Split(strings.ReplaceAll(strings.Join(args, " "), "--dir /data", "--dir ."), " ")
			if _, err := parser.Parse(arguments); len(args) > 0 && err != nil {
				t.Errorf("%s: the program does not take %v: %v", name, args, err)
			}
		}
	}
}

// deployed is deploy/ as the container sees it, with the secrets that the service secrets makes.
func deployed(t *testing.T) string {
	t.Helper()
	folder, secrets := t.TempDir(), t.TempDir()
	if _, err := playground.Secrets(secrets); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "deploy", "pushback.yml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "pushback.yml")
	if err := errors.Join(
		os.WriteFile(filepath.Join(secrets, playground.GrafanaFile), []byte("glsa_of-a-test-only"), 0o600),
		os.CopyFS(filepath.Join(folder, "rules"), os.DirFS(filepath.Join(root, "deploy", "rules"))),
		os.WriteFile(file, bytes.ReplaceAll(text, []byte("/run/secrets"), []byte(secrets)), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestComposeAgreesWithItsConfiguration(t *testing.T) {
	var c compose
	readYAML(t, "docker-compose.yml", &c)
	loaded := loadClean(t, deployed(t))
	if _, mistakes := daemon.Adapters().Check(loaded.File); len(mistakes) > 0 {
		t.Error(mistakes)
	}
	_, port, _ := strings.Cut(loaded.Listen, ":")
	published := strings.Join(c.Services["pushback"].Ports, " ")
	if !strings.HasSuffix(published, ":"+port) {
		t.Errorf("pushback listens on %s, compose publishes %s", loaded.Listen, published)
	}
	var scrapes struct {
		Global  any      `yaml:"global"`
		Alerts  []string `yaml:"rule_files"`
		Configs []struct {
			Job           string `yaml:"job_name"`
			Authorization any    `yaml:"authorization"`
			Static        []struct {
				Targets []string `yaml:"targets"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	readYAML(t, "deploy/prometheus.yml", &scrapes)
	for _, job := range scrapes.Configs {
		host, port, _ := strings.Cut(job.Static[0].Targets[0], ":")
		if got := strings.Join(c.Services[host].Ports, " "); !strings.HasSuffix(got, ":"+port) {
			t.Errorf("job %s scrapes %s:%s, compose publishes %q", job.Job, host, port, got)
		}
	}
	checkRules(t, loaded)
}

// loadClean loads a pushback.yml without a mistake.
func loadClean(t *testing.T, path string) config.Config {
	t.Helper()
	c, problems := daemon.Adapters().Load(path)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func checkRules(t *testing.T, c config.Config) {
	t.Helper()
	set, found := rules.Load(os.DirFS(c.Rules), daemon.Adapters().World(c))
	if len(found) > 0 || set.Len() == 0 {
		t.Errorf("%s: %v", c.Rules, found)
	}
}

// authority is a certificate authority in a file, of nobody.
func authority(t *testing.T) string {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

// TestExampleIsComplete loads docs/pushback.yml from a folder with the files that it
// names, and checks that it shows every section.
func TestExampleIsComplete(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, "docs", "pushback.yml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	const strong = "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3"
	for name, text := range map[string]string{
		"pushback.yml": string(b), "rules/empty.yml": "", "web.yml": "", "roll-back": "#!/bin/sh\n", "running-version": "#!/bin/sh\n",
		"services.yml": "services: [{name: billing, match: {job: billing-api}}]",
		"aliases.csv":  "alias,service,owner,chat,pager,hook\nexample/cart,cart,checkout,team-chat,pager,deployer\n",
		"secrets/api":  strong, "secrets/github": strong, "secrets/generic": strong, "secrets/hook": "twenty-four bytes of text, or more", "secrets/pagerduty": strong,
		"secrets/slack-bot": "xoxb-" + strong, "secrets/slack-signing": strong, "secrets/teams": "https://flows.example/x", "secrets/ntfy": "ntfy://:" + strong + "@ntfy.example/topic", "secrets/smtp": strong,
		"secrets/slack": "https://hooks.slack.example/x", "secrets/webhook": "twenty-four bytes of text, or more", "secrets/grafana": strong, "secrets/github-report": strong, "secrets/gitlab-report": strong, "secrets/argocd-report": strong, "secrets/prometheus": strong,
		"secrets/github-api": strong, "secrets/gitlab": strong, "secrets/gitlab-api": strong,
		"secrets/argo-cd": strong, "secrets/argo-rollouts": strong, "secrets/flux": strong, "secrets/flagger": strong, "secrets/spinnaker": strong, "secrets/jenkins": strong, "secrets/circleci": strong,
		"secrets/octopus": strong, "secrets/harness": strong, "secrets/vercel": strong, "secrets/heroku": strong, "secrets/broker": strong, "secrets/cdevents": strong, "secrets/standard-webhooks": strong,
		"secrets/github-hook": strong, "secrets/argocd": strong, "secrets/launchdarkly": strong, "secrets/unleash": strong, "secrets/probe": strong,
		"secrets/flags": strong, "secrets/oidc": strong,
		"secrets/incidentio": strong, "secrets/irc": strong, "secrets/irc-key": "key-of-ops", "secrets/irc-server": strong, "secrets/opsgenie": strong,
		"secrets/builds": strong, "secrets/nats.creds": strong, "secrets/kafka": strong, "ca.pem": authority(t),
		"recorded/x.csv":     "timestamp,value\n1,1\n2,1\n",
		"secrets/kubeconfig": `{clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}], contexts: [{name: shop, context: {cluster: c}}], current-context: shop}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c := loadClean(t, filepath.Join(dir, "pushback.yml"))
	k, shown := daemon.Adapters(), map[string]bool{}
	if _, mistakes := k.Check(c.File); len(mistakes) > 0 {
		t.Error(mistakes)
	}
	for _, h := range c.Hooks {
		shown[h.Kind] = true
	}
	reports := maps.Clone(k.Reports)
	maps.DeleteFunc(reports, func(_ string, kind daemon.ReportKind) bool {
		_, known := k.Sources[kind.Of()]
		return kind.Of() != "" && !known // no example could have a source for it
	})
	if len(c.Reports) != len(reports) || len(c.Metrics) != len(k.Metrics) || len(c.Sources) != len(k.Sources) || len(shown) != len(k.Hooks) ||
		len(c.Receivers) != len(k.Receivers) || len(c.Probes) == 0 || c.Grafana == nil || len(c.Freezes) == 0 || len(c.Services.Aliases) == 0 {
		t.Error("the example does not show every kind of every section")
	}
}
