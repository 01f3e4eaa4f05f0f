package kubernetes

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// maxList is the size of the largest answer to a list, in bytes. A page has 500 objects, and
// etcd none over 1.5 MiB; an ordinary one has 20 KiB.
const maxList = 64 << 20

// bounded ends an answer that is larger than maxList, but for a watch, which has no end.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err != nil || r.URL.Query().Get("watch") != "" {
		return response, err
	}
	response.Body = &boundedBody{response.Body, maxList}
	return response, nil
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer is larger than %d bytes", int64(maxList))
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func errorsAs(err error, status *apierrors.APIStatus) bool { return errors.As(err, status) }
