package irc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"golang.org/x/time/rate"

	"github.com/pushback/pushback/notify"
)

// Until the server has said who we are to others, the longest user and host are assumed.
const longestMask = 10 + 1 + 63

// room is how long a text may be so that the line which others get is not cut: the server puts our name before it.
func (s *session) room(command, target string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	mask := len(s.mask)
	if mask == 0 {
		mask = longestMask
	}
	return maxLine - len(":!  :\r\n") - len(s.nick) - mask - len(command) - 1 - len(target)
}

// say writes a message into a channel, and returns when the server has confirmed it. Its errors are those of a
// Sender. Nothing is written where the time that ctx leaves is too short for all lines.
func (s *session) say(ctx context.Context, target string, texts []string) error {
	select {
	case s.saying <- struct{}{}:
		defer func() { <-s.saying }()
	case <-ctx.Done():
		return ctx.Err()
	}
	all := lines(texts, s.room("PRIVMSG", target))
	turns, err := s.reserve(ctx, len(all)+1)
	if err != nil {
		return err
	}
	s.begin(target)
	for i, text := range all {
		if err := s.atTurn(ctx, turns[i], "PRIVMSG", target, text); err != nil {
			return err
		}
	}
	return s.confirm(ctx, turns[len(all)], len(all))
}

// margin is what is left of the time for the server's answer.
const margin = 3 * time.Second

// reserve returns when each of n lines may be written, or says when to try again.
func (s *session) reserve(ctx context.Context, n int) (turns []time.Time, err error) {
	now := time.Now()
	var taken []*rate.Reservation
	for range n {
		r := s.pace.ReserveN(now, 1)
		taken, turns = append(taken, r), append(turns, now.Add(r.DelayFrom(now)))
	}
	last := turns[n-1]
	if deadline, bounded := ctx.Deadline(); bounded && last.Add(margin).After(deadline) {
		for i := range taken {
			taken[len(taken)-1-i].CancelAt(now)
		}
		return nil, &notify.RetryAfter{After: last.Sub(now), Err: errors.New("the flood limit leaves no room for this message now")}
	}
	return turns, nil
}

// atTurn sends a line whose turn was reserved.
func (s *session) atTurn(ctx context.Context, turn time.Time, command string, params ...string) error {
	text, err := format(command, params...)
	if err != nil {
		return fmt.Errorf("%w: %w", notify.ErrPermanent, err)
	}
	t := time.NewTimer(time.Until(turn))
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.put(ctx, text)
}

func (s *session) begin(target string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = delivery{target: target}
}

// confirm waits for the answer to a PING, which comes after everything that the server says of the lines before.
func (s *session) confirm(ctx context.Context, turn time.Time, lines int) error {
	token, answered := rand.Text()[:12], make(chan struct{})
	s.mu.Lock()
	s.pongs[token] = answered
	s.mu.Unlock()
	defer s.unsay(token)
	if err := s.atTurn(ctx, turn, "PING", token); err != nil {
		return err
	}
	select {
	case <-answered:
		return s.outcome(lines)
	case <-s.done:
		return errClosed
	case <-ctx.Done():
		return fmt.Errorf("the IRC server has not confirmed the message: %w", ctx.Err())
	}
}

func (s *session) outcome(lines int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.said.refused != "":
		return fmt.Errorf("the IRC server refuses a message to %s: %s", s.said.target, s.said.refused)
	case s.caps["echo-message"] && s.said.echoes < lines:
		return fmt.Errorf("only %d of %d lines came back from %s", s.said.echoes, lines, s.said.target)
	}
	return nil
}

func (s *session) unsay(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pongs, token)
	s.said = delivery{}
}

// reply answers somebody, as a NOTICE, to which no program answers in turn.
func (s *session) reply(ctx context.Context, target string, texts []string) error {
	for _, text := range lines(texts, s.room("NOTICE", target)) {
		if err := s.send(ctx, "NOTICE", target, text); err != nil {
			return err
		}
	}
	return nil
}
