package irc

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// wantedCaps are the capabilities that are asked for where the server offers them.
var wantedCaps = []string{"account-tag", "echo-message", "message-tags"}

var errNoSASL = errors.New("the IRC server offers no SASL PLAIN: without password_file, Pushback connects without an account")

// register begins to introduce us. The server's answers go on.
func (s *session) register() {
	if s.secrets.serverPass != "" {
		s.queue("PASS", s.secrets.serverPass)
	}
	s.queue("CAP", "LS", "302")
	s.queue("NICK", s.config.Nick)
	s.queue("USER", "pushback", "0", "*", "Pushback watches deploys")
}

// capability handles the answers to CAP.
func (s *session) capability(l line) {
	switch strings.ToUpper(l.param(1)) {
	case "LS":
		s.offer(l.params[len(l.params)-1])
		if l.param(2) != "*" { // with it, more lines follow
			s.choose()
		}
	case "ACK":
		s.mu.Lock()
		for name := range strings.FieldsSeq(l.param(2)) {
			s.caps[name] = true
		}
		s.mu.Unlock()
		s.signIn()
	case "NAK":
		s.signIn()
	case "DEL":
		s.mu.Lock()
		for name := range strings.FieldsSeq(l.param(2)) {
			delete(s.caps, name)
		}
		s.mu.Unlock()
	}
}

func (s *session) offer(list string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range strings.FieldsSeq(list) {
		name, value, _ := strings.Cut(one, "=")
		if len(s.offered) < 100 {
			s.offered[name] = value
		}
	}
}

// choose asks for the capabilities that there are.
func (s *session) choose() {
	if s.registered() {
		return
	}
	wanted := wantedCaps
	if s.secrets.password != "" {
		wanted = append(slices.Clone(wanted), "sasl")
	}
	s.mu.Lock()
	offered := maps.Clone(s.offered)
	s.mu.Unlock()
	wanted = slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { _, there := offered[name]; return !there })
	if len(wanted) == 0 {
		s.signIn()
		return
	}
	s.queue("CAP", "REQ", strings.Join(wanted, " "))
}

func (s *session) registered() bool {
	select {
	case <-s.up:
		return true
	default:
		return false
	}
}

// signIn proves the account, or ends the negotiation where there is no password.
func (s *session) signIn() {
	if s.registered() {
		return
	}
	if s.secrets.password == "" {
		s.queue("CAP", "END")
		return
	}
	s.mu.Lock()
	can, mechanisms := s.caps["sasl"], s.offered["sasl"]
	s.mu.Unlock()
	if !can || mechanisms != "" && !slices.Contains(strings.Split(strings.ToUpper(mechanisms), ","), "PLAIN") {
		s.fail(errNoSASL)
		return
	}
	s.queue("AUTHENTICATE", "PLAIN")
}

const saslPiece = 400 // bytes of one line of AUTHENTICATE

// authenticate sends the account and its password, when the server asks for them.
func (s *session) authenticate(l line) {
	if l.param(0) != "+" || s.secrets.password == "" || s.registered() {
		return
	}
	text := base64.StdEncoding.EncodeToString([]byte(s.config.Account + "\x00" + s.config.Account + "\x00" + s.secrets.password))
	for len(text) >= saslPiece {
		s.queue("AUTHENTICATE", text[:saslPiece])
		text = text[saslPiece:]
	}
	if text == "" {
		text = "+"
	}
	s.queue("AUTHENTICATE", text)
}

// nickInUse takes another nick while we are being taken in. Later, ours stays what it is.
func (s *session) nickInUse() {
	if s.registered() {
		return
	}
	s.mu.Lock()
	if len(s.nick) < len(s.config.Nick)+4 {
		s.nick += "_"
	} else {
		s.mu.Unlock()
		s.fail(fmt.Errorf("the nick %s is in use on the IRC server, and so are those with _ after it: choose another", s.config.Nick))
		return
	}
	nick := s.nick
	s.mu.Unlock()
	s.queue("NICK", nick)
}

// welcome notes that the server has taken us in.
func (s *session) welcome(l line) {
	if s.registered() {
		return
	}
	s.mu.Lock()
	s.nick = l.param(0)
	signedIn := s.signedIn || s.secrets.password == ""
	s.mu.Unlock()
	if !signedIn {
		s.fail(errNoSASL)
		return
	}
	close(s.up)
}

// saslDone ends the negotiation.
func (s *session) saslDone() {
	if s.registered() {
		return
	}
	s.mu.Lock()
	s.signedIn = true
	s.mu.Unlock()
	s.queue("CAP", "END")
}

// saslFailed ends the session: without its account Pushback would be somebody else.
func (s *session) saslFailed() {
	if s.secrets.password != "" && !s.registered() {
		s.fail(errors.New("the IRC server refuses the account or its password: see account and password_file"))
	}
}
