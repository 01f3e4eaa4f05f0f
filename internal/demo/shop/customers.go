package shop

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// customers is how many requests run at once at most.
const customers = 32

// Load sends requests to the shop at the URL base until ctx ends: perSecond requests
// a second on average, for its pages in the proportions of Routes.
func Load(ctx context.Context, base string, perSecond float64) {
	limit := rate.NewLimiter(rate.Limit(perSecond), 1)
	client := &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: customers},
	}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for range customers {
		all.Go(func() {
			for limit.Wait(ctx) == nil {
				visit(ctx, client, base+pageOf(rand.IntN(100)))
			}
		})
	}
	all.Wait()
}

// visit requests one page. It ignores failures, because the shop counts them.
func visit(ctx context.Context, client *http.Client, page string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return
	}
	response, err := client.Do(request)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, response.Body) // so that the connection can be used again
	_ = response.Body.Close()
}

// pageOf returns the page that customer i of a hundred requests.
func pageOf(i int) string {
	for _, route := range []string{"/", "/product"} {
		if i -= Routes[route]; i < 0 {
			return route
		}
	}
	return "/checkout"
}
