package prometheus

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Clock returns the time of the server, by the header Date of an answer, to the second. A proxy in
// between may give its own.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.config.URL, "/")+"/api/v1/query?query=1", nil)
	if err != nil {
		return time.Time{}, s.sourceError(errors.New("url cannot be parsed")) // its text may hold a password
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return time.Time{}, s.sourceError(err)
	}
	defer answer.Body.Close()
	at, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return time.Time{}, s.sourceError(errors.New("answer does not say when it was sent"))
	}
	return at, nil
}
