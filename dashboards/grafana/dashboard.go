package grafana

import (
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/pushback/pushback/sources"
)

// dashboardUID is what Grafana takes as the uid of a dashboard.
var dashboardUID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,40}$`)

// DashboardURL is the address of the dashboard of the settings, with a change's service and environment as the values of its variables, in a
// range of time. It is "" where the settings name no dashboard.
func (c *Client) DashboardURL(change sources.Change, from, to time.Time) string {
	if c.config.Dashboard == "" {
		return ""
	}
	query := url.Values{
		"from": {strconv.FormatInt(from.UnixMilli(), 10)}, "to": {strconv.FormatInt(to.UnixMilli(), 10)},
		"var-service": {change.Service}, "var-environment": {change.Environment},
	}
	if c.config.OrgID > 0 {
		query.Set("orgId", strconv.FormatInt(c.config.OrgID, 10))
	}
	return c.config.URL + "/d/" + c.config.Dashboard + "?" + query.Encode()
}
