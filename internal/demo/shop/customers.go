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

// customers is how many requests can be under way at once.
const customers = 32

// Load sends customers to the shop at base until ctx ends: perSecond requests
// on average, over real connections, pages by their popularity.
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
				visit(ctx, client, base+popular(rand.IntN(100)))
			}
		})
	}
	all.Wait()
}

// visit asks for one page. A page that fails is the shop's to count.
func visit(ctx context.Context, client *http.Client, page string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return
	}
	response, err := client.Do(request)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, response.Body) // so that the connection is used again
	_ = response.Body.Close()
}

// popular is the page that visitor i of a hundred asks for.
func popular(i int) string {
	for _, route := range []string{"/", "/product"} {
		if i -= Routes[route]; i < 0 {
			return route
		}
	}
	return "/checkout"
}
