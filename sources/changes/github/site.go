package github

import (
	"strings"
)

// Site is the address of GitHub's pages: that of the API without what belongs to the API.
func (c Config) Site() string {
	if c.APIURL == "" || c.APIURL == DefaultAPI {
		return "https://github.com"
	}
	return strings.TrimSuffix(strings.TrimSuffix(c.APIURL, "/"), "/api/v3")
}
