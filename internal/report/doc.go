// Package report renders a stored verdict for people: a line a signal for
// messages and pages, a headline, and a terminal page with plots. One record,
// many renderings; nothing here decides or looks anything up.
package report
