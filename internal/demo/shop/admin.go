package shop

import (
	"encoding/json"
	"io"
	"net"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// maxBody is more than an operator or a hook ever sends.
const maxBody = 1 << 20

func (s *Shop) showVersion(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]string{"version": s.Live().Version})
}

// setVersion is how the shop's own operators ship: from this host alone.
func (s *Shop) setVersion(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		http.Error(w, "only from this host", http.StatusForbidden)
		return
	}
	var wanted struct{ Version string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&wanted); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	s.answer(w, wanted.Version)
}

// rollBack is the hook Pushback calls. The signature covers the raw body, so
// it is checked before anything is parsed.
func (s *Shop) rollBack(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	check, err := standardwebhooks.NewWebhook(s.secret)
	if err != nil || s.secret == "" || check.Verify(body, r.Header) != nil {
		http.Error(w, "not signed by Pushback", http.StatusUnauthorized)
		return
	}
	var order struct {
		Target string `json:"target_version"`
	}
	if err := json.Unmarshal(body, &order); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	if s.answer(w, order.Target) && s.switched != nil {
		s.switched(s.Live())
	}
}

// answer switches, and says whether it did.
func (s *Shop) answer(w http.ResponseWriter, version string) bool {
	r, err := s.Switch(version)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return false
	}
	writeJSON(w, map[string]string{"version": r.Version})
	return true
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the caller has gone: nobody to tell
}
