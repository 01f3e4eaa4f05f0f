package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/pushback/pushback/internal/webconfig"
)

// The timeouts keep a client from holding a connection without using it. The
// stream, which is meant to last, sets its own deadlines.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = time.Minute
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	stopTimeout       = 8 * time.Second
)

// Serve answers requests on l until ctx ends. It then ends streams at once, and
// waits up to stopTimeout for other requests in flight; a supervisor typically gives
// a process ten seconds.
//
// TLS and basic authentication come from the web config file, which is read again
// for every connection, so that certificates can be renewed in place.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	streams, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer endStreams()
	var open connections
	h := &http.Server{
		ConnState:         open.changed,
		ConnContext:       withOwner,
		Handler:           s.handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 64, MaxReceiveBufferPerConnection: 256 << 10, MaxReceiveBufferPerStream: 64 << 10},
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.WithValue(streams, stopping{}, ctx.Done()) },
	}
	served := make(chan error, 1)
	go func() { served <- webconfig.File(s.WebConfig).Serve(l, h, s.Log) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP on %s: %w", l.Addr(), err)
	case <-ctx.Done():
		return s.stop(h, served)
	}
}

// stopping is the context key of a channel that closes when the server begins to
// stop. A stream ends then, while other requests go on to their end.
type stopping struct{}

// stop waits up to stopTimeout for requests in flight, then closes their
// connections.
func (s *Server) stop(h *http.Server, served <-chan error) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := h.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("wait for requests in flight: %w", err), h.Close())
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
