package server

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/server/api"
)

func TestIncidents(t *testing.T) {
	p := listen(t, nil)
	ago := func(d time.Duration) string { return testNow.Add(-d).Format(time.RFC3339) }
	f := func(body string, want int) {
		t.Helper()
		post[api.Problem](p, "/v1/incidents", body, want)
	}
	i := post[api.Incident](p, "/v1/incidents", fmt.Sprintf(`{"service":"cart","from":%q,"to":%q,"why":"the cable","actor":"amy"}`, ago(3*time.Hour), ago(2*time.Hour)), 200)
	if i.ID == "" || i.Service != "cart" || i.Why != "the cable" || !i.At.Equal(testNow) || i.To.Sub(i.From) != time.Hour {
		t.Errorf("noted: %+v", i)
	}
	if now := post[api.Incident](p, "/v1/incidents", fmt.Sprintf(`{"from":%q,"actor":"bob"}`, ago(time.Hour)), 200); !now.To.Equal(testNow) {
		t.Errorf("until now: %+v", now)
	}
	f(fmt.Sprintf(`{"from":%q,"to":%q,"actor":"amy"}`, ago(time.Hour), ago(-time.Hour)), 422)
	f(fmt.Sprintf(`{"from":%q,"to":%q,"actor":"amy"}`, ago(time.Hour), ago(time.Hour)), 422)
	f(fmt.Sprintf(`{"from":%q,"actor":"amy"}`, ago(91*24*time.Hour)), 422)
	f(fmt.Sprintf(`{"from":%q,"actor":""}`, ago(time.Hour)), 422)
	f(`{"actor":"amy"}`, 422)
	if all := get[api.Incidents](p, "/v1/incidents").Incidents; len(all) != 2 || all[0] != i {
		t.Errorf("incidents: %+v", all)
	}
	post[api.Incident](p, "/v1/incidents/"+i.ID+"/remove", `{"actor":"bob"}`, 200)
	post[api.Problem](p, "/v1/incidents/"+i.ID+"/remove", `{"actor":"bob"}`, 404)
	if left := get[api.Incidents](p, "/v1/incidents").Incidents; len(left) != 1 || left[0].Service != "" {
		t.Errorf("left: %+v", left)
	}
	for _, path := range []string{"/v1/incidents", "/v1/incidents/i1/remove"} {
		if status, _, _ := p.ask(http.MethodPost, path, `{"actor":"x"}`, "Content-Type", "application/json"); status != 401 {
			t.Errorf("POST %s without a token: %d", path, status)
		}
	}
}
