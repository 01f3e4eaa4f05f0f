package webconfig

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"

	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/time/rate"
)

// A hash takes about 60 ms. So few may wait for theirs, and of each address very few: the
// first password of somebody else comes to its turn in half a second.
const (
	maxWaiting  = 64
	maxOfOne    = 4
	maxPassword = 72 // bytes; bcrypt takes no more
)

// nobody is a hash for users that the file does not have, so that the time of an answer does
// not tell which ones it has.
const nobody = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

var errBusy = errors.New("too many passwords are being checked")

// Answers are how requests that do not pass are answered.
type Answers struct {
	Unauthorized, TooMany, Broken http.HandlerFunc
}

// Guard lets requests through by the file's users and limit.
type Guard struct {
	file     File
	answers  Answers
	log      *slog.Logger
	limit    *rate.Limiter // nil: none
	exempt   func(*http.Request) bool
	hashing  chan struct{} // holds one while a password is hashed
	compares func(hash, password []byte) error

	mu      sync.Mutex
	known   map[string][sha256.Size]byte // of each user of the file, the sum of the password that was right last
	waiting map[string]int               // how many passwords of an address wait for their hash
	all     int
}

// NewGuard reads the file. The limit of the file does not hold for requests that are exempt.
func NewGuard(f File, a Answers, exempt func(*http.Request) bool, log *slog.Logger) (*Guard, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	c, err := f.read()
	if err != nil {
		return nil, err
	}
	g := &Guard{
		file: f, answers: a, log: log, exempt: exempt, hashing: make(chan struct{}, 1), compares: bcrypt.CompareHashAndPassword,
		known: map[string][sha256.Size]byte{}, waiting: map[string]int{},
	}
	if l := c.RateLimiterConfig; l.Interval > 0 {
		g.limit = rate.NewLimiter(rate.Every(l.Interval), l.Burst)
	}
	return g, nil
}

// Wrap wraps next in what the file asks for. Its headers do not replace those that are set.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	if g.file == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := g.file.read()
		if err != nil {
			g.log.Error("cannot read the web config file; refusing every request", "error", err)
			g.answers.Broken(w, r)
			return
		}
		for name, value := range c.HTTPConfig.Header {
			if w.Header().Get(name) == "" {
				w.Header().Set(name, value)
			}
		}
		g.admit(w, r, c, next)
	})
}

func (g *Guard) admit(w http.ResponseWriter, r *http.Request, c *toolkit.Config, next http.Handler) {
	if g.limit != nil && !g.exempt(r) && !g.limit.Allow() {
		g.answers.TooMany(w, r)
		return
	}
	right, err := g.right(r, c)
	switch {
	case err != nil:
		g.answers.TooMany(w, r)
	case !right:
		w.Header().Set("WWW-Authenticate", "Basic")
		g.answers.Unauthorized(w, r)
	default:
		next.ServeHTTP(w, withUser(r, c))
	}
}

// userKey is the context key of the user whose password was right.
type userKey struct{}

func withUser(r *http.Request, c *toolkit.Config) *http.Request {
	user, _, given := r.BasicAuth()
	if len(c.Users) == 0 || !given {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), userKey{}, user))
}

// User is the user of the file whose password a request has; "" where the file has no users.
func User(ctx context.Context) string {
	user, _ := ctx.Value(userKey{}).(string)
	return user
}

// right says whether a request has a name and password of the file. One that was right before
// is known, whatever others try, and waits for nobody. Its error is errBusy.
func (g *Guard) right(r *http.Request, c *toolkit.Config) (bool, error) {
	if len(c.Users) == 0 {
		return true, nil
	}
	user, password, given := r.BasicAuth()
	if !given || len(password) > maxPassword {
		return false, nil
	}
	hash, exists := c.Users[user]
	if !exists {
		hash = nobody
	}
	sum := sha256.Sum256([]byte(string(hash) + "\x00" + password))
	if exists && g.knows(user, sum) {
		return true, nil
	}
	if !g.queue(r) {
		return false, errBusy
	}
	defer g.leave(r)
	return g.hash(r, user, string(hash), password, exists, sum), nil
}

// hash checks a password when it is its turn. Another request may have done so by then.
func (g *Guard) hash(r *http.Request, user, hash, password string, exists bool, sum [sha256.Size]byte) bool {
	select {
	case g.hashing <- struct{}{}:
		defer func() { <-g.hashing }()
	case <-r.Context().Done():
		return false
	}
	if exists && g.knows(user, sum) {
		return true
	}
	if g.compares([]byte(hash), []byte(password)) != nil || !exists {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known[user] = sum
	return true
}

func (g *Guard) knows(user string, sum [sha256.Size]byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	known, ok := g.known[user]
	return ok && subtle.ConstantTimeCompare(known[:], sum[:]) == 1
}

// queue takes a request among those whose passwords wait, unless they are too many.
func (g *Guard) queue(r *http.Request) bool {
	from := address(r)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all >= maxWaiting || g.waiting[from] >= maxOfOne {
		return false
	}
	g.all++
	g.waiting[from]++
	return true
}

func (g *Guard) leave(r *http.Request) {
	from := address(r)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.waiting[from]--; g.waiting[from] == 0 {
		delete(g.waiting, from)
	}
}

func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
