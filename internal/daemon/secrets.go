package daemon

import (
	"strings"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/internal/server/api"
)

// secretsKept is how long what was found of the secrets' files is said without another look.
// Each page and each probe asks for it, and a look reads every file.
const secretsKept = 15 * time.Second

// secretFiles knows what is wrong with the files of secrets.
type secretFiles struct {
	config config.Config

	mu       sync.Mutex
	lookedAt time.Time
	found    []api.ComponentProblem
}

// problems names the secrets that others may read, and those that became too weak while the
// daemon runs. What uses a weak one refuses to work, so that people must learn why.
func (s *secretFiles) problems() []api.ComponentProblem {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lookedAt.IsZero() || time.Since(s.lookedAt) >= secretsKept {
		s.lookedAt, s.found = time.Now(), s.look()
	}
	return s.found
}

func (s *secretFiles) look() []api.ComponentProblem {
	var said []string
	for _, w := range s.config.SecretWarnings() {
		text := w.Message
		if w.Hint != "" {
			text += " (" + w.Hint + ")"
		}
		said = append(said, text)
	}
	if err := server.CheckTokens(s.config.TokenFile); err != nil {
		said = append(said, err.Error())
	}
	if len(said) == 0 {
		return nil
	}
	return []api.ComponentProblem{{Component: "secrets", Detail: strings.Join(said, "; ")}}
}
