package changes

// Handshaker is a Source whose sender asks before it delivers anything, so that nobody can be flooded by a sender
// that somebody else set up: OPTIONS with WebHook-Request-Origin (HTTP 1.1 Web Hooks for Event Delivery, section
// 4, which CloudEvents brokers follow). The server answers; a source only says for whom.
type Handshaker interface {
	// AllowsOrigin reports whether the sender of that name may deliver.
	AllowsOrigin(origin string) bool
}
