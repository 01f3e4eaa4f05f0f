package alertmanager

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
	"github.com/pushback/pushback/sources"
)

const (
	createdBy     = "Pushback"
	maxSilences   = 8 << 20 // bytes of the list of silences
	maxComment    = 1000
	defaultAlerts = "Pushback" // the alertname of our own alerts
)

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// checkSilence checks what is silenced: alerts of one service, and never everything.
func checkSilence(silence map[string]string) error {
	if len(silence) == 0 {
		return nil
	}
	for name, value := range silence {
		if !labelName.MatchString(name) || value == "" {
			return errors.New("silence maps what is no label, or to nothing: write it as {service: $service, env: $environment}")
		}
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(silence)), func(v string) bool { return strings.Contains(v, "$service") }) {
		return errors.New("silence names no $service: it would silence the alerts of every service")
	}
	return nil
}

// matcher is one of the API's. Alertmanager before 0.22 knows no IsEqual, and refuses it.
type matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual bool   `json:"isEqual"`
}

// silence is a postableSilence and a gettableSilence of the API.
type silence struct {
	ID        string    `json:"id,omitempty"`
	Matchers  []matcher `json:"matchers"`
	StartsAt  time.Time `json:"startsAt"`
	EndsAt    time.Time `json:"endsAt"`
	CreatedBy string    `json:"createdBy"`
	Comment   string    `json:"comment"`
	Status    *struct {
		State string `json:"state"` // active, pending or expired
	} `json:"status,omitempty"`
}

// Silences reports whether the settings want silences.
func (s *Sender) Silences() bool { return len(s.config.Silence) > 0 }

// matchers select the alerts of one service and none of our own: what becomes of the rollback must be heard.
func (s *Sender) matchers(of notify.Silence) (all []matcher, err error) {
	values := map[string]string{"$service": of.Service, "$environment": of.Environment, "$region": of.Region}
	for _, name := range slices.Sorted(maps.Keys(s.config.Silence)) {
		value := s.config.Silence[name]
		for word, stands := range values {
			if strings.Contains(value, word) && stands == "" {
				return nil, fmt.Errorf("silence.%s needs %s, which the change does not have: %w", name, word, notify.ErrPermanent)
			}
		}
		value = strings.NewReplacer("$service", of.Service, "$environment", of.Environment, "$region", of.Region).Replace(value)
		all = append(all, matcher{Name: name, Value: value, IsEqual: true})
	}
	return append(all, matcher{Name: "alertname", Value: s.ownAlerts()}), nil
}

// ownAlerts is the alertname of the alerts that we send.
func (s *Sender) ownAlerts() string {
	if own := s.config.Labels["alertname"]; own != "" {
		return own
	}
	return defaultAlerts
}

// ordered is the end of a comment, by which a silence is found again after a crash.
var ordered = regexp.MustCompile(`\(rollback ([a-z2-7]{26})\)$`)

// PutSilence sets a silence, or another end for one that has an ID.
func (s *Sender) PutSilence(ctx context.Context, of notify.Silence) error {
	matchers, err := s.matchers(of)
	if err != nil {
		return err
	}
	body, err := delivery.Encode(receiver, silence{
		ID: of.ID, Matchers: matchers, StartsAt: of.StartsAt.UTC(), EndsAt: of.EndsAt.UTC(), CreatedBy: createdBy,
		Comment: fmt.Sprintf("%s (rollback %s)", notify.Plain(sources.OneLine(of.Comment, maxComment)), of.Order),
	})
	if err != nil {
		return err
	}
	return delivery.Post(ctx, s.client, delivery.Request{Receiver: receiver, URL: s.config.URL + "/api/v2/silences", Body: body})
}

// OpenSilences lists Pushback's silences that have not ended. It reads all that there are: how the API filters by a
// matcher that excludes differs between versions.
func (s *Sender) OpenSilences(ctx context.Context) (open []notify.Silence, err error) {
	var all []silence
	if err := s.call(ctx, http.MethodGet, "/api/v2/silences", &all); err != nil {
		return nil, err
	}
	for _, one := range all {
		key := ordered.FindStringSubmatch(one.Comment)
		if one.CreatedBy == createdBy && key != nil && (one.Status == nil || one.Status.State != "expired") {
			open = append(open, notify.Silence{ID: one.ID, Order: key[1], StartsAt: one.StartsAt, EndsAt: one.EndsAt})
		}
	}
	return open, nil
}

// EndSilence ends a silence. One that is not there has ended.
func (s *Sender) EndSilence(ctx context.Context, id string) error {
	err := s.call(ctx, http.MethodDelete, "/api/v2/silence/"+url.PathEscape(id), nil)
	if errors.Is(err, errNoSilence) {
		return nil
	}
	return err
}

var errNoSilence = errors.New("there is no such silence")

func (s *Sender) call(ctx context.Context, method, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, s.config.URL+path, bytes.NewReader(nil))
	if err != nil {
		return errors.New("the url cannot be called")
	}
	answer, err := s.client.DoUpTo(r, maxSilences)
	switch {
	case err != nil:
		return fmt.Errorf("asking alertmanager: %w", err)
	case method == http.MethodDelete && !answer.OK() && (answer.Code == http.StatusNotFound || strings.Contains(answer.Body, "silence not found")):
		return errNoSilence // versions before 0.27 answer 500
	case !answer.OK():
		return fmt.Errorf("alertmanager answered %s to %s: %s", answer.Status, method, answer.FirstLine())
	case into == nil:
		return nil
	}
	if err := answer.Decode(into); err != nil {
		return fmt.Errorf("reading what alertmanager answered: %w", err)
	}
	return nil
}
