package irc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	registerWithin = 30 * time.Second
	writeWithin    = 10 * time.Second
	pingEvery      = time.Minute
	silentFor      = 150 * time.Second // without a line from the server, the connection counts as lost
	queued         = 64                // lines that wait for the connection
)

// secrets are what a session sends and nobody may see.
type secrets struct{ password, channelKey, serverPass string }

// session is one connection. Its fields below mu change as the server's lines arrive.
type session struct {
	config  Config
	secrets secrets
	conn    net.Conn
	out     chan string
	pace    *rate.Limiter
	saying  chan struct{} // whoever has put something in may write a message
	// strangers are told where to go, but not so often that they keep messages from going out.
	strangers *rate.Limiter
	hear      func(heard)   // gets what is said to us; it must not block
	done      chan struct{} // closed when the session has ended
	up        chan struct{} // closed when the server has taken us in

	mu       sync.Mutex
	nick     string // ours
	mask     string // our user@host, as others see it; "" before the first JOIN
	offered  map[string]string
	caps     map[string]bool
	channels map[string]*channel // by fold
	pongs    map[string]chan struct{}
	lookups  map[string]*lookup // WHOIS under way, by the nick folded
	said     delivery
	topicMax int
	topic    string
	signedIn bool
	failed   error // why the session ends
}

// heard is what somebody has said in a channel or to us alone.
type heard struct {
	from   line
	target string // the channel; "" in private
	text   string
}

// delivery is what the server has said of the message being written.
type delivery struct {
	target  string
	echoes  int
	refused string
}

var errClosed = errors.New("the connection to the IRC server is lost")

func newSession(c Config, s secrets, conn net.Conn, hear func(heard)) *session {
	x := &session{
		config: c, secrets: s, conn: conn, hear: hear, out: make(chan string, queued),
		pace: rate.NewLimiter(rate.Every(c.Every), c.Burst), saying: make(chan struct{}, 1), strangers: rate.NewLimiter(rate.Every(10*time.Second), 1), done: make(chan struct{}), up: make(chan struct{}),
		nick: c.Nick, offered: map[string]string{}, caps: map[string]bool{}, channels: map[string]*channel{},
		pongs: map[string]chan struct{}{}, lookups: map[string]*lookup{}, topicMax: 300,
	}
	for _, name := range c.Channels {
		x.channels[fold(name)] = &channel{name: name, members: map[string]bool{}}
	}
	return x
}

// run registers and works until ctx ends or the connection is lost. Its error says why.
func (s *session) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { s.write(ctx) })
	work.Go(func() { s.keep(ctx) })
	work.Go(func() {
		<-ctx.Done()
		s.quit()
	})
	s.register()
	err := s.read()
	cancel()
	work.Wait()
	s.conn.Close()
	return s.end(err)
}

// end wakes all who wait for the server.
func (s *session) end(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		err = s.failed
	}
	close(s.done)
	return err
}

// fail ends the session for a reason that is better than a lost connection.
func (s *session) fail(err error) {
	s.mu.Lock()
	if s.failed == nil {
		s.failed = err
	}
	s.mu.Unlock()
	s.conn.Close()
}

// read handles the server's lines until the connection is lost.
func (s *session) read() error {
	in := bufio.NewReaderSize(s.conn, maxIncoming+2)
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(silentFor)); err != nil {
			return fmt.Errorf("%w: %w", errClosed, err)
		}
		text, err := readLine(in)
		if err != nil {
			return fmt.Errorf("%w: %w", errClosed, err)
		}
		if l, err := parse(text); err == nil { // what is no line says nothing
			s.handle(l)
		}
	}
}

// readLine reads one line without its end. One that is too long is skipped and read as empty.
func readLine(in *bufio.Reader) (string, error) {
	text, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		return "", err
	}
	if err != nil {
		return "", err
	}
	end := len(text) - 1
	if end > 0 && text[end-1] == '\r' {
		end--
	}
	return string(text[:end]), nil
}

// write sends what is queued, in order.
func (s *session) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case text := <-s.out:
			_ = s.conn.SetWriteDeadline(time.Now().Add(writeWithin)) // a connection that takes no deadline takes no line either
			if _, err := io.WriteString(s.conn, text); err != nil {
				s.fail(fmt.Errorf("%w: %w", errClosed, err))
				return
			}
		}
	}
}

// quit says good-bye, which is worth a second, and closes the connection.
func (s *session) quit() {
	_ = s.conn.SetWriteDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(s.conn, "QUIT :Pushback stops here\r\n")
	s.conn.Close()
}

// queue sends a line without waiting for its turn. It is for what the server waits for, and never blocks: the
// reader calls it.
func (s *session) queue(command string, params ...string) {
	text, err := format(command, params...)
	if err != nil {
		return
	}
	select {
	case s.out <- text:
	default:
		s.fail(errors.New("the IRC server takes no more lines"))
	}
}

// send sends a line in its turn.
func (s *session) send(ctx context.Context, command string, params ...string) error {
	text, err := format(command, params...)
	if err != nil {
		return err
	}
	if err := s.pace.Wait(ctx); err != nil {
		return err
	}
	return s.put(ctx, text)
}

// put hands a line to the connection, which takes one after the other.
func (s *session) put(ctx context.Context, text string) error {
	select {
	case s.out <- text:
		return nil
	case <-s.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// keep asks for what the server may have refused before: our nick, the channels; it keeps the topic, and it has the
// server say something every minute.
func (s *session) keep(ctx context.Context) {
	registered := time.NewTimer(registerWithin)
	defer registered.Stop()
	select {
	case <-ctx.Done():
		return
	case <-registered.C:
		s.fail(errors.New("the IRC server did not take us in within " + registerWithin.String()))
		return
	case <-s.up:
	}
	tick, topics := time.NewTicker(pingEvery), time.NewTicker(topicCheck)
	defer tick.Stop()
	defer topics.Stop()
	s.join(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-topics.C:
			s.keepTopics(ctx)
		case <-tick.C:
			s.queue("PING", "alive")
			s.join(ctx)
			s.regainNick(ctx)
		}
	}
}

func (s *session) regainNick(ctx context.Context) {
	s.mu.Lock()
	same := fold(s.nick) == fold(s.config.Nick)
	s.mu.Unlock()
	if !same {
		_ = s.send(ctx, "NICK", s.config.Nick)
	}
}
