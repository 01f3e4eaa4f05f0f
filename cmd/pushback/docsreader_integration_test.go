//go:build integration

package main_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/docblocks"
)

// reader sits in a folder and types what a page says. Variables that a command sets are there
// for the next one.
type reader struct {
	t        *testing.T
	at       string // page and line that is being read
	dir      string
	url      string // of the daemon
	env      []string
	ran      int // commands of blocks
	world    *docWorld
	keys     map[string]string // of changes, by service
	settings map[string]any    // the last part of pushback.yml that the page showed
	sources  map[string]any    // the last part of it that has sources
	names    *strings.Replacer // what the pages call things, and what they are called here
}

// runBlock runs the commands of a block one by one and compares what they print with what the
// block shows.
func (r *reader) runBlock(b docblocks.Block) {
	r.t.Helper()
	all := commands(r.t, b.Text)
	if folder := b.Markers[docblocks.In]; folder != "" {
		defer func(dir string) { r.dir = dir }(r.dir)
		r.dir = filepath.Join(r.dir, folder)
		r.write(".here", "")
	}
	for i, c := range all {
		want := 0
		if code, err := strconv.Atoi(b.Markers[docblocks.Exit]); err == nil && i == len(all)-1 {
			want = code
		}
		out, complaints := r.run(c.text, want)
		r.ran++
		r.compareLines(out+complaints, c.shown)
		if like := b.Markers[docblocks.Like]; like != "" && i == len(all)-1 && out != r.world.document(r.t, like) {
			r.t.Errorf("%s: the commands print %q, but %s is %q", r.at, out, like, r.world.document(r.t, like))
		}
	}
}

// command is what a reader types, and what the page shows as its output.
type command struct{ text, shown string }

// commands splits a block. With a prompt, lines without it are output. Without one, a command
// is the lines that bash takes as complete.
func commands(t *testing.T, text string) (all []command) {
	t.Helper()
	prompt := strings.HasPrefix(text, "$ ")
	typed := ""
	for line := range strings.Lines(text) {
		rest, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case prompt && !isCommand:
			all[len(all)-1].shown += line
			continue
		case prompt:
			line = rest
		}
		if typed += line; strings.HasSuffix(typed, "\\\n") || exec.CommandContext(t.Context(), "bash", "-n", "-c", typed).Run() != nil {
			continue
		}
		if s := strings.TrimSpace(typed); s != "" && !strings.HasPrefix(s, "#") {
			all = append(all, command{text: s})
		}
		typed = ""
	}
	if typed != "" {
		t.Errorf("bash takes this for no whole command:\n%s", typed)
	}
	return all
}

// must is run without what went to standard error.
func (r *reader) must(text string, want int) string {
	r.t.Helper()
	out, _ := r.run(text, want)
	return out
}

// run runs a command that ends with an exit code and, if curl asked for something, was
// answered with 2xx. It returns what the command printed, and what it wrote to standard error.
func (r *reader) run(text string, want int) (out, complaints string) {
	r.t.Helper()
	if text == "pushback serve" {
		r.serve()
		return "", ""
	}
	home := "curl"
	if endless.MatchString(text) {
		home, want = "curl-endless", 28 // curl's exit code for the end of --max-time
	}
	more := []string{"CURL_HOME=" + filepath.Join(r.world.dir, home), "KEY=" + r.key(text)}
	if strings.Contains(text, "whsec_") {
		more = append(more, "secret=whsec_"+base64.StdEncoding.EncodeToString([]byte(hookSecret)))
	}
	out, complaints, code := r.bash(r.names.Replace(text), more...)
	if code != want {
		r.t.Errorf("%s: exit code %d, want %d\n%s\n%s%s", r.at, code, want, text, out, complaints)
	}
	for _, status := range httpStatus.FindAllStringSubmatch(complaints, -1) {
		if status[1][0] != '2' {
			r.t.Errorf("%s: answered with %s\n%s\n%s", r.at, status[1], text, out)
		}
	}
	return out, complaints
}

var (
	endless    = regexp.MustCompile(`/v1/stream`)
	httpStatus = regexp.MustCompile(`(?m)^HTTP (\d+)$`) // written by curl, see curlSettings
)

// bash runs a command and keeps the variables that it sets. No command takes longer than
// three minutes.
func (r *reader) bash(text string, more ...string) (out, complaints string, code int) {
	r.t.Helper()
	saved := filepath.Join(r.dir, ".variables")
	cmd := exec.CommandContext(r.t.Context(), "timeout", "180", "bash", "-c", "set -a -o pipefail\n"+text+"\nexit_code=$?; env -0 > "+saved+"; exit $exit_code")
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = r.dir, append(r.env, more...), &stdout, &stderr
	err := cmd.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		r.t.Fatal(err)
	}
	if variables, err := os.ReadFile(saved); err == nil {
		r.env = strings.Split(strings.TrimSuffix(string(variables), "\x00"), "\x00")
	}
	return stdout.String(), stderr.String(), code
}

// serve starts `pushback serve` in the folder, which goes on until the test ends.
func (r *reader) serve() {
	r.t.Helper()
	file := filepath.Join(r.dir, "pushback.yml")
	text, err := os.ReadFile(file)
	if err != nil {
		r.t.Fatal(err)
	}
	r.write("pushback.yml", string(text))
	cmd := exec.Command(filepath.Join(r.world.dir, "bin/pushback"), "serve")
	cmd.Dir, cmd.SysProcAttr = r.dir, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	await(r.t, "an answer of pushback serve", 30*time.Second, func() bool {
		response, err := http.Get(r.url + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// write writes a file of the folder as a reader would who lives here.
func (r *reader) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(r.names.Replace(text)), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// key is the change that a command is about. Each of the first can be decided about once.
func (r *reader) key(text string) string {
	for part, service := range map[string]string{"/approve": "ledger", "/reject": "search", "/clear": "payments", "/gate/cart": "cart"} {
		if strings.Contains(text, part) {
			return r.keys[service]
		}
	}
	return r.keys["payments"]
}
