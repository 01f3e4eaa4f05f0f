package daemon

import (
	"strings"

	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/internal/server/api"
)

// unsafeSecrets names the secrets that others may read, and those that became too weak while the
// daemon runs. What uses a weak one refuses to work, so that people must learn why.
func (d *Daemon) unsafeSecrets() []api.ComponentProblem {
	var said []string
	for _, w := range d.config.SecretWarnings() {
		text := w.Message
		if w.Hint != "" {
			text += " (" + w.Hint + ")"
		}
		said = append(said, text)
	}
	if err := server.CheckTokens(d.config.TokenFile); err != nil {
		said = append(said, err.Error())
	}
	if len(said) == 0 {
		return nil
	}
	return []api.ComponentProblem{{Component: "secrets", Detail: strings.Join(said, "; ")}}
}
