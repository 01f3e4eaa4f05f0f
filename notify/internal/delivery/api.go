package delivery

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/notify"
)

// APIOptions say how the JSON API of a tool is called.
type APIOptions struct {
	Tool      string // its name, for errors
	URL       string // what all paths begin with
	TokenFile string
	Header    string // that carries the token; "": Authorization
	Scheme    string // before the token: "Bearer "
	Fixed     http.Header
	HTTP      config.HTTPClientConfig
}

// API is the JSON API of a tool that gets reports. It is safe for concurrent use.
type API struct {
	options APIOptions
	client  *outbound.Client
}

// NewAPI checks the options, the token file included. It calls nobody.
func NewAPI(o APIOptions) (*API, error) {
	o.URL = strings.TrimRight(o.URL, "/")
	if err := outbound.CheckURL(o.URL); err != nil {
		return nil, err
	}
	if o.TokenFile == "" {
		return nil, errors.New("token_file is missing: a file that holds the token and nothing else")
	}
	if _, err := outbound.Secret(o.TokenFile); err != nil {
		return nil, fmt.Errorf("token_file: %w", err)
	}
	client, err := outbound.New(o.HTTP)
	if err != nil {
		return nil, err
	}
	return &API{o, client}, nil
}

// maxAPIAnswer is enough for a page of a hundred comments of the greatest length that people write.
const maxAPIAnswer = 8 << 20

// Call makes one request, with in as its JSON body unless it is nil, and decodes the answer into out unless that
// is nil. Its errors are those of a Sender, and a *Refused where the tool has answered. What was written is
// written, though its answer cannot be read: out then stays as it was.
func (a *API) Call(ctx context.Context, method, path string, in, out any) error {
	body, err := encode(a.options.Tool, in)
	if err != nil {
		return err
	}
	request, token, err := a.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	secrets := append(secret.LinkTokens(string(body)), token)
	answer, err := a.client.DoUpTo(request, maxAPIAnswer, secrets...)
	if err != nil {
		return fmt.Errorf("%s: %w", a.options.Tool, err)
	}
	if err := a.judge(method, answer); err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	if err := answer.Decode(out); err != nil && method == http.MethodGet {
		return fmt.Errorf("%s: reading its answer: %w", a.options.Tool, err)
	}
	return nil
}

func encode(tool string, in any) ([]byte, error) {
	if in == nil {
		return nil, nil
	}
	return Encode(tool, in)
}

func (a *API) request(ctx context.Context, method, path string, body []byte) (*http.Request, string, error) {
	token, err := outbound.Secret(a.options.TokenFile)
	if err != nil {
		return nil, "", fmt.Errorf("token_file: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, method, a.options.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, "", errors.New("the url cannot be called")
	}
	for name, values := range a.options.Fixed {
		r.Header[name] = values
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set(cmp.Or(a.options.Header, "Authorization"), a.options.Scheme+token)
	return r, token, nil
}

// Refused is an answer with a status other than 2xx.
type Refused struct {
	Code   int
	Detail string // the beginning of the answer
	err    error
}

// Error says who refused what.
func (r *Refused) Error() string { return r.err.Error() }

// Unwrap returns what a Sender would return.
func (r *Refused) Unwrap() error { return r.err }

// StatusOf is the status with which a tool has answered; 0 where it has not.
func StatusOf(err error) int {
	var r *Refused
	if errors.As(err, &r) {
		return r.Code
	}
	return 0
}

// quotaPause is how long a tool is left alone that has no more quota for us, and does not say until when.
const quotaPause = time.Minute

// judge sorts an answer as notify.StatusError does, with two differences. A report that is not found is
// permanent: the repository, the commit or the application is not there for this token. A quota that is
// used up is not a refused token, though GitHub says 403 for both.
func (a *API) judge(method string, answer outbound.Answer) error {
	if answer.OK() {
		return nil
	}
	err := fmt.Errorf("%s answered %s to %s: %s", a.options.Tool, answer.Status, method, answer.FirstLine())
	after := answer.RetryAfter
	switch answer.Code {
	case http.StatusNotFound:
		err = fmt.Errorf("%w: %w", notify.ErrPermanent, err)
	case http.StatusForbidden:
		if after == 0 && strings.Contains(strings.ToLower(answer.Body), "rate limit") {
			after = quotaPause
		}
	}
	return &Refused{answer.Code, answer.FirstLine(), notify.StatusError(answer.Code, after, err)}
}

// Join joins the errors of the parts of one report. It is permanent only if all are: a part that may pass is
// tried again.
func Join(errs ...error) error {
	var passing, permanent []error
	for _, err := range errs {
		switch {
		case err == nil:
		case errors.Is(err, notify.ErrPermanent):
			permanent = append(permanent, err)
		default:
			passing = append(passing, err)
		}
	}
	if len(passing) > 0 {
		return errors.Join(passing...)
	}
	return errors.Join(permanent...)
}

// Passing returns an error of Call that may pass, whatever its status: for messages, which should arrive when
// somebody has repaired what was wrong.
func Passing(err error) error {
	var r *Refused
	if !errors.As(err, &r) {
		return err
	}
	return &Refused{r.Code, r.Detail, errors.New(r.err.Error())}
}
