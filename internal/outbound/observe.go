package outbound

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// observer is the key of the function in a context that is told of answers.
type observer struct{}

// Observe returns a context in which note is told of every answer that a Client gets: "POST: 200 OK". It is told
// neither URL nor body, nor the words of the server's status line: a receiver may repeat a secret in them.
func Observe(ctx context.Context, note func(answer string)) context.Context {
	return context.WithValue(ctx, observer{}, note)
}

func observed(r *http.Request, code int) {
	if note, is := r.Context().Value(observer{}).(func(string)); is {
		note(strings.TrimSpace(fmt.Sprintf("%s: %d %s", r.Method, code, http.StatusText(code))))
	}
}
