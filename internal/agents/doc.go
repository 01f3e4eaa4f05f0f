// Package agents answers programs that speak the Model Context Protocol
// (https://modelcontextprotocol.io), such as an assistant in an editor. It is a client of the
// daemon's API and of the operator's own files, as the command line is, and has no other way in.
//
//	agent ── stdio | streamable HTTP ──► Server ──► the daemon's API   changes, explain, verdict, gate
//	                                        │  └──► rules and past     coverage, backtest, rule_check
//	                                        └─────► proposals          propose_rule_patch, propose_rollback
//
// Nothing that an agent asks acts. Most tools read. propose_rule_patch writes nothing: it answers
// with a patch and what checking it found. propose_rollback asks people; see adr/0127.
//
// What services, versions, actors and links are called was written by whoever may report changes,
// and a model may take it for instructions. So everything that comes from outside is in one field,
// untrusted_data, of every answer, and the descriptions say what that means. Texts in it are one
// line each and cut, and an answer is bounded as a whole.
package agents
