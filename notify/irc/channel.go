package irc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// channel is what is known of one that we join.
type channel struct {
	name     string
	joined   bool
	refused  string          // why we are not in it
	members  map[string]bool // nicks, folded
	operator bool            // we may set the topic though it is protected
	locked   bool            // only operators may set the topic (+t)
	denied   bool            // setting it was refused, and nothing has changed since
	topic    string          // as the server says it is
	topicAt  time.Time       // when we set it last
}

const (
	topicCheck  = 5 * time.Second
	topicEvery  = 30 * time.Second // at most so often is a topic set
	topicPeace  = 10 * time.Minute // after somebody took our part out of a topic
	leastTopic  = 20               // bytes that our part needs
	maxMembers  = 20000
	ownTopic    = "Pushback: " // begins our part of a topic; what stands before it is people's
	topicParter = " | "
)

// join asks for the channels that we are not in.
func (s *session) join(ctx context.Context) {
	for _, name := range s.missing() {
		params := []string{name}
		if s.secrets.channelKey != "" {
			params = append(params, s.secrets.channelKey)
		}
		if s.send(ctx, "JOIN", params...) != nil {
			return
		}
	}
}

func (s *session) missing() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		if !c.joined {
			names = append(names, c.name)
		}
	}
	return names
}

// errJoining is wrapped by the error of joinedAll where the server has not answered yet.
var errJoining = errors.New("joining")

// joinedAll returns an error that says which channel we are not in, and why.
func (s *session) joinedAll() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		if !c.joined && c.refused != "" {
			return fmt.Errorf("not in %s: %s", c.name, c.refused)
		}
		if !c.joined {
			return fmt.Errorf("%w: not in %s yet", errJoining, c.name)
		}
	}
	return nil
}

// shares reports whether somebody is in one of our channels.
func (s *session) shares(nick string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		if c.joined && c.members[fold(nick)] {
			return true
		}
	}
	return false
}

// moved handles who comes, goes and is renamed. The caller holds mu.
func (s *session) moved(l line) {
	ours := fold(l.nick()) == fold(s.nick)
	c := s.channels[fold(l.param(0))]
	switch l.command {
	case "JOIN":
		if c != nil && ours {
			c.joined, c.refused, s.mask = true, "", l.mask()
			s.queue("MODE", c.name)
		}
		if c != nil && len(c.members) < maxMembers {
			c.members[fold(l.nick())] = true
		}
	case "PART":
		s.left(c, l.nick(), "we left it")
	case "KICK":
		s.left(c, l.param(1), "we were kicked out: "+sources.OneLine(l.param(2), 100))
	case "QUIT":
		for _, c := range s.channels {
			s.left(c, l.nick(), "we left it")
		}
	case "NICK":
		s.renamed(l.nick(), l.param(0))
	}
}

func (s *session) left(c *channel, nick, why string) {
	if c == nil {
		return
	}
	delete(c.members, fold(nick))
	s.forget(nick)
	if fold(nick) == fold(s.nick) {
		*c = channel{name: c.name, refused: why, members: map[string]bool{}, topicAt: c.topicAt}
	}
}

func (s *session) renamed(from, to string) {
	s.forget(from)
	s.forget(to)
	if fold(from) == fold(s.nick) {
		s.nick = to
	}
	for _, c := range s.channels {
		if c.members[fold(from)] {
			delete(c.members, fold(from))
			c.members[fold(to)] = true
		}
	}
}

// names handles 353, which lists who is in a channel. The caller holds mu.
func (s *session) names(l line) {
	c := s.channels[fold(l.param(2))]
	if c == nil {
		return
	}
	for one := range strings.FieldsSeq(l.param(3)) {
		nick := strings.TrimLeft(one, "~&@%+!")
		if len(c.members) < maxMembers {
			c.members[fold(nick)] = true
		}
		if fold(nick) == fold(s.nick) {
			c.operator = strings.ContainsAny(one[:len(one)-len(nick)], "~&@")
		}
	}
}

// mode handles a channel's modes, as they are (324) and as they change. The caller holds mu.
func (s *session) mode(c *channel, modes string, params []string) {
	if c == nil {
		return
	}
	on := true
	for _, m := range modes {
		switch m {
		case '+', '-':
			on = m == '+'
		case 't':
			c.locked, c.denied = on, false
		case 'o', 'q', 'a', 'h', 'v', 'b', 'e', 'I', 'k':
			who := ""
			if len(params) > 0 {
				who, params = params[0], params[1:]
			}
			if m == 'o' && fold(who) == fold(s.nick) {
				c.operator, c.denied = on, false
			}
		case 'l', 'j', 'f', 'L', 'H', 'F':
			if on && len(params) > 0 {
				params = params[1:]
			}
		}
	}
}

// keepTopics sets the topics that are not what they should be, where we may, and seldom.
func (s *session) keepTopics(ctx context.Context) {
	for _, set := range s.dueTopics(time.Now()) {
		if s.send(ctx, "TOPIC", set[0], set[1]) != nil {
			return
		}
	}
}

func (s *session) dueTopics(now time.Time) (due [][2]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		may := c.joined && !c.denied && (c.operator || !c.locked)
		if s.topic == "" || !may || now.Sub(c.topicAt) < topicEvery {
			continue
		}
		wanted := topicWith(c.topic, s.topic, min(s.topicMax, maxLine-len("TOPIC  :\r\n")-len(c.name)))
		if wanted != "" && wanted != c.topic {
			c.topicAt = now
			due = append(due, [2]string{c.name, wanted})
		}
	}
	return due
}

// topicWith is a topic with our part in place of what was ours before. What people have written before it stays;
// "" where there is no room left for ours.
func topicWith(now, ours string, limit int) string {
	theirs, _, found := strings.Cut(now, ownTopic)
	if found {
		theirs = strings.TrimSuffix(theirs, topicParter)
	}
	before := ownTopic
	if theirs != "" {
		before = theirs + topicParter + ownTopic
	}
	if limit < len(before)+leastTopic {
		return ""
	}
	pieces := cut(clean(ours), limit-len(before))
	if len(pieces) == 0 {
		return ""
	}
	return before + pieces[0]
}

// topicIs notes a channel's topic. Somebody who takes our part out of it is left in peace for a while. The caller
// holds mu.
func (s *session) topicIs(c *channel, by, topic string) {
	if c == nil {
		return
	}
	if by != "" && fold(by) != fold(s.nick) && !strings.Contains(topic, ownTopic) {
		c.topicAt = time.Now().Add(topicPeace - topicEvery)
	}
	c.topic = topic
}
