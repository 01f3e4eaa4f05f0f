package agents

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// maxRequest is the size of the largest request, in bytes: a rule text with room to spare.
const maxRequest = 256 << 10

// Handler serves the streamable HTTP transport. Every request needs a bearer token that allowed
// knows, on loopback as well: others on this host reach it too. A refused request learns nothing
// but that.
//
// Requests stand for themselves, without sessions, so that there is nothing to fill.
func Handler(s *mcp.Server, allowed func(token string) (bool, error)) http.Handler {
	inner := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s }, &mcp.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true, MaxRequestBodyBytes: maxRequest,
	})
	ownOrigin := http.NewCrossOriginProtection().Handler(inner)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		ok, err := allowed(token)
		switch {
		case err != nil:
			http.Error(w, "the token file cannot be read", http.StatusServiceUnavailable)
		case !ok || token == "":
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "a token is needed, or this one is wrong", http.StatusUnauthorized)
		default:
			ownOrigin.ServeHTTP(w, r)
		}
	})
}

// NewHTTPServer returns a server for a handler, with bounds on what a client may hold.
func NewHTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: maxWork + time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
}

// CheckAddress refuses an address that is not host:port.
func CheckAddress(listen string) error {
	if _, port, err := net.SplitHostPort(listen); err != nil || port == "" {
		return errors.New("this is not a host and a port: write it as 127.0.0.1:8485")
	}
	return nil
}
