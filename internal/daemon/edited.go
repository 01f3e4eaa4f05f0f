package daemon

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rules"
)

// edits compares the configuration's files with what the daemon runs with.
type edits struct {
	table Table
	log   *slog.Logger

	mu      sync.Mutex
	running config.Config
	seen    []byte // the digest of the files for which says was found; nil: as they were read
	says    string // what is to be known of the edit; "": nothing
}

// problem says that pushback.yml, or a file that it names, was edited and is not in force.
func (e *edits) problem() []api.ComponentProblem {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.look(); e.says == "" {
		return nil
	}
	return []api.ComponentProblem{{Component: "config", Detail: e.says}}
}

// look finds out what the files say now, where they have changed since it last did. The
// caller holds mu.
func (e *edits) look() {
	edited := e.running.Edited()
	if bytes.Equal(edited, e.seen) {
		return
	}
	e.seen, e.says = edited, ""
	if edited == nil {
		return
	}
	now, mistakes := e.table.Check(e.running.File)
	switch differ := e.running.Differences(now); {
	case len(mistakes) > 0:
		e.says = fmt.Sprintf("%s was edited after this daemon read it, and would not start it now; mistakes: %d (pushback config check -c %s shows them)",
			e.running.File, len(mistakes), e.running.File)
	case len(differ) > 0:
		e.says = fmt.Sprintf("%s was edited after this daemon read it; not in force before a restart%s: %s",
			e.running.File, orHangup(differ), strings.Join(differ, ", "))
	}
}

// orHangup names the other way where it is enough.
func orHangup(differ []string) string {
	if slices.Equal(differ, []string{"services"}) {
		return " or SIGHUP"
	}
	return ""
}

// hint adds to the mistakes of rules about names that the name may be in a pushback.yml that
// is not in force.
func (e *edits) hint(found []rules.Diagnostic) {
	if len(e.problem()) == 0 {
		return
	}
	for i, d := range found {
		if slices.Contains([]string{"unknown-hook", "unknown-receiver", "unknown-store", "unknown-window"}, d.Code) {
			found[i].Hint = strings.TrimPrefix(d.Hint+"; pushback.yml was edited after the daemon read it: restart the daemon if the name is new there", "; ")
		}
	}
}

// reload takes the services of an edited configuration, calls use with them, and logs what
// else needs a restart. Services that name a hook or receiver that is new need one too.
func (e *edits) reload(use func(config.Services)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running.Edited() == nil {
		return
	}
	now, mistakes := e.table.Check(e.running.File)
	for _, m := range mistakes {
		e.log.Error("the edited configuration has a mistake; the daemon goes on with the one that it read", "mistake", m.WithoutText().String())
	}
	if len(mistakes) > 0 {
		return
	}
	differ := e.running.Differences(now)
	if at := slices.Index(differ, "services"); at >= 0 && e.running.Serves(now.Services) {
		e.running = e.running.WithServices(now)
		use(now.Services)
		differ = slices.Delete(differ, at, at+1)
		e.log.Info("services reloaded")
	}
	if len(differ) > 0 {
		e.log.Warn("edited settings need a restart", "file", e.running.File, "settings", strings.Join(differ, ", "))
	}
	e.seen, e.says = nil, ""
}
