package daemon

import (
	"log/slog"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/openid"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/internal/server/api"
)

// newSignIn makes the client of the provider where people sign in; nil where pushback.yml names none. It calls nobody.
func newSignIn(c config.Config, log *slog.Logger) (*openid.Client, error) {
	if c.OIDC == nil {
		return nil, nil
	}
	return openid.New(*c.OIDC, c.ExternalURL, time.Now, log.With("component", "oidc"))
}

// signInOption is the client as the server takes it: an interface that holds nothing would not be nil.
func (d *Daemon) signInOption() server.SignIn {
	if d.signIn == nil {
		return nil
	}
	return d.signIn
}

// signInProblem says that nobody can sign in at the provider. Judging goes on, and tokens work.
func (d *Daemon) signInProblem() []api.ComponentProblem {
	if d.signIn == nil || d.signIn.Trouble() == "" {
		return nil
	}
	return []api.ComponentProblem{{Component: "oidc", Detail: d.signIn.Trouble()}}
}
