package irc

import (
	"context"
	"time"
)

// lookup is a WHOIS under way.
type lookup struct {
	mask    string // user@host that wrote the command
	same    bool   // the nick still belongs to it
	spoiled bool   // the nick has gone, come or been renamed meanwhile
	account string
	done    chan struct{}
}

const (
	lookupWithin = 10 * time.Second
	maxLookups   = 16 // under way at once
)

// account is the account of whoever wrote a line, "" where they have none or nobody can tell. With account-tag the
// server says it on the line itself. Without, it is asked by WHOIS: the answer counts only where the nick still has
// the user and host that wrote the line, and nobody has come or gone under it meanwhile.
func (s *session) account(ctx context.Context, l line) string {
	s.mu.Lock()
	tagged := s.caps["account-tag"]
	s.mu.Unlock()
	if tagged {
		return accountOf(l.tags["account"])
	}
	w := s.ask(l)
	if w == nil {
		return ""
	}
	defer s.drop(l.nick(), w)
	if s.send(ctx, "WHOIS", l.nick()) != nil {
		return ""
	}
	t := time.NewTimer(lookupWithin)
	defer t.Stop()
	select {
	case <-w.done:
	case <-t.C:
		return ""
	case <-ctx.Done():
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !w.same || w.spoiled {
		return ""
	}
	return accountOf(w.account)
}

// accountOf leaves out what servers say of those without an account.
func accountOf(name string) string {
	if name == "*" || name == "0" || !accountName.MatchString(name) {
		return ""
	}
	return name
}

// ask notes that a WHOIS is under way; nil where there are too many, or one for the nick already.
func (s *session) ask(l line) *lookup {
	s.mu.Lock()
	defer s.mu.Unlock()
	nick := fold(l.nick())
	if len(s.lookups) >= maxLookups || s.lookups[nick] != nil || l.mask() == "" {
		return nil
	}
	w := &lookup{mask: l.mask(), done: make(chan struct{})}
	s.lookups[nick] = w
	return w
}

func (s *session) drop(nick string, w *lookup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lookups[fold(nick)] == w {
		delete(s.lookups, fold(nick))
	}
}

// forget spoils a WHOIS under way about a nick that has moved. The caller holds mu.
func (s *session) forget(nick string) {
	if w := s.lookups[fold(nick)]; w != nil {
		w.spoiled = true
	}
}

// who handles the answers to a WHOIS. The caller holds mu.
func (s *session) who(l line) {
	w := s.lookups[fold(l.param(1))]
	if w == nil {
		return
	}
	switch l.command {
	case "311":
		w.same = l.param(2)+"@"+l.param(3) == w.mask
	case "330":
		w.account = l.param(2)
	case "318", "401":
		delete(s.lookups, fold(l.param(1)))
		close(w.done)
	}
}
