//! The words behind the help of the whole program: a first evening, and what holds for every command. Never acts on them.

/// What stands behind its help.
pub(super) const EXAMPLES: &str = "Examples:
  overnight init shop                            four products to begin with, in the folder shop
  overnight run shop/jobs/catalog.toml --rehearse
                                                 played through: no key, no network, nothing paid
  overnight plan products.csv                    what a list of yours would take and cost
  overnight run products.csv                     make its pictures; the same again goes on
  overnight status                               how it stands, also while it runs

`overnight COMMAND --help` tells all of a command, `overnight man DIR` writes the manual.

Environment:
  OVERNIGHT_API_KEY     the key, unless --api-key-env, --api-key-file or --api-key-command names
                        another place
  OVERNIGHT_<OPTION>    the same as --<option>, where the command's help names it; an option that is
                        given wins, an empty variable counts as unset
  OVERNIGHT_SIMULATE_<OPTION>, OVERNIGHT_SIMULATE_TOKEN
                        the same for the options of `simulate`; the key that others need for it
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                        the proxy that requests take
  NO_COLOR, TERM=dumb   no colours; without a terminal there are none either
  CLICOLOR_FORCE=1      colours also where no terminal is
  TZ                    the time zone, where --timezone does not say

Files:
  jobs/NAME.toml        a job; the folder above `jobs` is its workspace
  overnight.db          the workspace's database: every item and every attempt; beside it, while a
                        run is on, overnight.db.NAME.lock and overnight.db.NAME.ballast
  output/NAME/          a job's pictures and captions, results.csv, metadata.jsonl, index.html
  output/NAME/.versions earlier pictures of items that were made again
  output/NAME/.staging  pictures on their way; a run that was killed is taken up from there

Exit codes:
  0 complete, or nothing to do   1 anything else   2 usage, job or manifest; nothing was sent
  3 some items failed   4 halted: key, account, day quota   5 stopped by a limit, items left
  8 a money cap was reached   10 the deadline was reached   75 another run of this job is on
  130, 143 stopped by a signal";
