package notify

// Choice is what whoever reads a message can do about it, by a command. What people are asked to decide is in Message.Ask.
type Choice struct {
	When  string `json:"when"`            // in which case, or to what end: the beginning of a sentence
	Shell string `json:"shell"`           // the command line
	Chat  string `json:"chat,omitempty"`  // Command.Name where a chat hears one for it; "": it hears none
	About string `json:"about,omitempty"` // what the command of the chat is about: a change, an order or a hold
}

// maxChoices is how many choices one message offers.
const maxChoices = 4

// Line is the choice in one line, for somebody at a shell.
func (c Choice) Line() string { return c.When + ": " + c.Shell }

// mappedChoices returns the message with every text of at most maxChoices choices changed by f.
func (m Message) mappedChoices(f func(string) string) Message {
	var choices []Choice
	for _, c := range m.Choices[:min(len(m.Choices), maxChoices)] {
		choices = append(choices, Choice{When: f(c.When), Shell: f(c.Shell), Chat: f(c.Chat), About: f(c.About)})
	}
	m.Choices = choices
	return m
}
