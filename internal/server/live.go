package server

import (
	"io"
	"net/http"

	"github.com/pushback/pushback/dashboards/web"
)

// showLive answers with a whole page, or with what has changed of it where the request says what it has. It is for pages
// that differ by whose services the reader may act on; others are shared: see showShared.
func showLive[T any](w http.ResponseWriter, r *http.Request, page T, whole func(io.Writer, T) error, since func(T, string) (web.Update, error)) error {
	had := r.Header.Get(sinceHeader)
	if had == "" || had == sinceNothing {
		w.Header().Set("Content-Type", htmlMedia)
		return whole(w, page)
	}
	update, err := since(page, had)
	if err != nil {
		return err
	}
	answer, err := encodedUpdate(update)
	if err != nil {
		return err
	}
	return (&sharedAnswer{media: jsonMedia, text: answer}).writePlain(w)
}
