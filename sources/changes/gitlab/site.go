package gitlab

import (
	"strings"
)

// Site is the address of GitLab's pages: that of the API without what belongs to the API.
func (c Config) Site() string {
	if c.APIURL == "" || c.APIURL == DefaultAPI {
		return "https://gitlab.com"
	}
	return strings.TrimSuffix(strings.TrimSuffix(c.APIURL, "/"), "/api/v4")
}
