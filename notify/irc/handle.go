package irc

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pushback/pushback/sources"
)

// handle does what a line of the server asks for. It never blocks.
func (s *session) handle(l line) {
	switch l.command {
	case "PING":
		s.queue("PONG", l.params...)
	case "PONG":
		s.pong(l)
	case "CAP":
		if len(l.params) >= 3 {
			s.capability(l)
		}
	case "AUTHENTICATE":
		s.authenticate(l)
	case "PRIVMSG":
		s.message(l)
	case "ERROR":
		s.fail(fmt.Errorf("the IRC server closes the connection: %s", sources.OneLine(l.param(0), 200)))
	default:
		s.handleState(l)
	}
}

// handleState notes who is where, and hands numeric answers on.
func (s *session) handleState(l line) {
	if len(l.command) == 3 && l.command[0] <= '9' {
		s.numeric(l)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[fold(l.param(0))]
	switch l.command {
	case "MODE":
		if c != nil && len(l.params) > 1 {
			s.mode(c, l.param(1), l.params[2:])
		}
	case "TOPIC":
		s.topicIs(c, l.nick(), l.param(1))
	default:
		s.moved(l)
	}
}

// numeric handles the server's numbered answers. The first parameter is our nick.
func (s *session) numeric(l line) {
	switch l.command {
	case "001":
		s.welcome(l)
	case "903":
		s.saslDone()
	case "902", "904", "905", "906", "908":
		s.saslFailed()
	case "432":
		s.fail(fmt.Errorf("the IRC server does not take the nick %s", s.config.Nick))
	case "433", "436", "437":
		s.nickInUse()
	case "464", "465":
		s.fail(fmt.Errorf("the IRC server does not let us in: %s", reason(l)))
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answer(l)
	}
}

// answer handles the numbered answers that concern channels, people and messages. The caller holds mu.
func (s *session) answer(l line) {
	c := s.channels[fold(l.param(1))]
	switch l.command {
	case "005":
		s.supported(l)
	case "324":
		if len(l.params) > 2 {
			s.mode(c, l.param(2), l.params[3:])
		}
	case "331":
		s.topicIs(c, "", "")
	case "332":
		s.topicIs(c, "", l.param(2))
	case "353":
		s.names(l)
	case "311", "318", "330", "401":
		s.who(l)
		s.refuse(l)
	case "482":
		if c != nil {
			c.denied = true
		}
	case "403", "405", "471", "473", "474", "475", "476", "477":
		if c != nil && !c.joined {
			c.refused = reason(l)
		}
		s.refuse(l)
	case "404", "407", "411", "412", "417", "442", "263":
		s.refuse(l)
	}
}

// supported notes how long a topic may be.
func (s *session) supported(l line) {
	for _, one := range l.params {
		if value, is := strings.CutPrefix(one, "TOPICLEN="); is {
			if n, err := strconv.Atoi(value); err == nil && n > 0 && n < maxLine {
				s.topicMax = n
			}
		}
	}
}

// refuse notes that the server has refused a line of the message being written.
func (s *session) refuse(l line) {
	if s.said.target != "" && (fold(l.param(1)) == fold(s.said.target) || len(l.params) < 3) {
		s.said.refused = reason(l)
	}
}

// reason is what the server says, in its words, with the number by which people find more.
func reason(l line) string {
	if len(l.params) == 0 {
		return l.command
	}
	return sources.OneLine(l.params[len(l.params)-1], 150) + " (" + l.command + ")"
}

// pong wakes whoever waits for the answer to a PING.
func (s *session) pong(l line) {
	if len(l.params) == 0 {
		return
	}
	token := l.params[len(l.params)-1]
	s.mu.Lock()
	defer s.mu.Unlock()
	if wait, known := s.pongs[token]; known {
		delete(s.pongs, token)
		close(wait)
	}
}

// message takes what somebody says. What we have said ourselves comes back as an echo.
func (s *session) message(l line) {
	s.mu.Lock()
	ours := fold(l.nick()) == fold(s.nick)
	if ours && fold(l.param(0)) == fold(s.said.target) {
		s.said.echoes++
	}
	private := fold(l.param(0)) == fold(s.nick)
	c := s.channels[fold(l.param(0))]
	s.mu.Unlock()
	if ours || l.nick() == "" || !private && c == nil || len(l.params) < 2 {
		return
	}
	h := heard{from: l, text: l.param(1)}
	if c != nil {
		h.target = c.name
	}
	s.hear(h)
}
