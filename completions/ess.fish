# Completion of ess, made by `python -m ess_cli.completion`; changes get lost.
# Commands, options and fixed values stand in here; only names are asked of `ess __complete`.

# Sets what may follow a command: commands, or arguments by kind; and options, as names=kind, where
# names are apart by | and begin with + for one that may be repeated. Fails for no command.
function __ess_at --no-scope-shadowing
    set commands
    set arguments
    set options \
        '-h|--help Show this message and exit' \
        '-p|--profile=names:profiles Which account to work on' \
        '--base-url=text The service\'s base URL, for this call' \
        '--token-file=files Read the access token from a file' \
        '--user-token-file=files Read the user token from a file' \
        '-o|--output=words:table,json,jsonl,yaml,csv,tsv,name table|json|jsonl|yaml|csv|tsv|name' \
        '--json The same as -o json' \
        '--query=text Pick from the JSON document' \
        '--no-header No header line' \
        '--excel csv: guard cells that a spreadsheet would run' \
        '-q|--quiet No notes on stderr' \
        '-v|--verbose Say more on stderr, with time and profile' \
        '--debug One line a request on stderr, secrets masked' \
        '--no-color No colour' \
        '--timeout=text For connecting, headers and any stall. [30]' \
        '--no-input Never ask anything' \
        '-V|--version Print the version'
    switch $argv[1]
        case ''
            set commands \
                'topics Topics, their event types, dumps of their subscriptions' \
                'subs Subscriptions: who gets which events' \
                'delivery-cfg Delivery configurations: webhooks and schedules' \
                'deliveries Deliveries, their attempts, what failed' \
                'buffer-files Files of scheduled deliveries' \
                'event-types Event types and their fields' \
                'dictionaries Formats, protocols and authentication types' \
                'auth Log in, log out, see which credentials are used' \
                'profile Accounts and their settings' \
                'listen Be a webhook: show each event as it is delivered, and answer as told' \
                'sandbox The embedded service: try, rehearse and test without an account' \
                'api Call any path of the service and print the reply as it came' \
                'completion Print the completion script of a shell' \
                'help Explain what concerns all commands: exit codes, environment, output'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' topics'
            set commands \
                'list List the topics of the company' \
                'event-types List the event types of a topic, with their fields' \
                'dump Have the service write a file of a topic\'s subscriptions; fetch it with --wait'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' topics list'
            set -a options \
                '--limit=text Stop after N rows, filters applied' \
                '--offset=text Begin at the service\'s row N' \
                '--page-size=text Rows a request. [1000]' \
                '--all Every row, however many' \
                '--sort=words:name,service,event-types Order by a column; -FIELD turns it round' \
                '+|--param=text A raw query parameter; may be repeated' \
                '-c|--columns=list:name,service,event-types Columns to show; +x adds one, ? lists them'
        case ' topics event-types'
            set arguments \
                'names:topics'
            set -a options \
                '--limit=text Stop after N rows, filters applied' \
                '--offset=text Begin at the service\'s row N' \
                '--page-size=text Rows a request. [1000]' \
                '--all Every row, however many' \
                '--sort=words:id,validation,mandatory,optional Order by a column; -FIELD turns it round' \
                '+|--param=text A raw query parameter; may be repeated' \
                '-c|--columns=list:id,validation,mandatory,optional Columns to show; +x adds one, ? lists them'
        case ' topics dump'
            set arguments \
                'names:topics'
            set -a options \
                '--compression|--no-compression Compress the file. [on]' \
                '--compression-type=words:gzip gzip is the only one seen. [gzip]' \
                '--wait Wait for the file and fetch it, to --out' \
                '--out=files Where the file goes, unpacked' \
                '--wait-for=text How long, then code 13. [30m]' \
                '--resume=text Start none; wait for the dump of this reference id' \
                '--since=text With --resume: when it was started. [7d]' \
                '+|--allow-file-host=text Fetch the file from this host, too, without credentials; may be repeated' \
                '--max-size=text The most that the file may have: 500M. [20G]' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '--lock Exit code 12 if this command runs already' \
                '--max-duration=text Exit code 13 after that time' \
                '-c|--columns=list:reference-id Columns to show; +x adds one, ? lists them'
        case ' subs'
            set commands \
                'list List subscriptions, all or some' \
                'mdn Show who is subscribed to a phone number' \
                'mdn-count Count the different numbers that are subscribed' \
                'get Show one subscription' \
                'create Subscribe a delivery configuration to a topic' \
                'update Change criteria or dates of a subscription' \
                'end End a subscription: the nearest thing to removing it that the service has'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' subs list'
            set -a options \
                '--topic=names:topics Only this topic' \
                '--event-type=names:event-types Only this event type' \
                '--cfg=names:delivery-cfg Only this delivery configuration' \
                '--limit=text Stop after N rows, filters applied' \
                '--offset=text Begin at the service\'s row N' \
                '--page-size=text Rows a request. [1000]' \
                '--all Every row, however many' \
                '--sort=words:id,topic,event-type,cfg-id,configuration,match,start Order by a column; -FIELD turns it round' \
                '+|--param=text A raw query parameter; may be repeated' \
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
        case ' subs mdn'
            set arguments \
                'text'
            set -a options \
                '--match=text Criteria: number = \'+12025550123\'' \
                '--topic=names:topics NIS-Events is the only one documented' \
                '-c|--columns=list:cfg-id,configuration,event-types Columns to show; +x adds one, ? lists them'
        case ' subs mdn-count'
            set -a options \
                '-c|--columns=list:topic,numbers Columns to show; +x adds one, ? lists them'
        case ' subs get'
            set arguments \
                'names:topics' \
                'text'
            set -a options \
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
        case ' subs create'
            set -a options \
                '--topic=names:topics The topic\'s name' \
                '--cfg=names:delivery-cfg Where the events go' \
                '--event-type=names:event-types Only this one; all without it' \
                '--match=text Criteria: number = \'+12025550123\'' \
                '--number=text Only events of this E.164 number' \
                '--start-date=text Events from then on. [now]' \
                '--end-date=text Events until then; for ever without it' \
                '--allow-duplicate Even if the same one exists' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
        case ' subs update'
            set arguments \
                'names:topics' \
                'text'
            set -a options \
                '--match=text Criteria: number = \'+12025550123\'' \
                '--no-match Every event' \
                '--start-date=text Events from then on' \
                '--end-date=text Events until then' \
                '--no-end-date For ever' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
        case ' subs end'
            set arguments \
                'names:topics' \
                'text'
            set -a options \
                '--at=text No events from then on. [now]' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg'
            set commands \
                'list List the delivery configurations' \
                'get Show one delivery configuration' \
                'create Create a webhook (--addr), or a schedule that collects events into files (--cron)' \
                'update Change a delivery configuration' \
                'enable Let a delivery configuration deliver again' \
                'disable Switch a delivery configuration off' \
                'auth How a webhook authenticates the service'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg list'
            set -a options \
                '--limit=text Stop after N rows, filters applied' \
                '--offset=text Begin at the service\'s row N' \
                '--page-size=text Rows a request. [1000]' \
                '--all Every row, however many' \
                '--sort=words:id,name,active,format,throttling,cron,address,protocol,latest-event-only Order by a column; -FIELD turns it round' \
                '+|--param=text A raw query parameter; may be repeated' \
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg get'
            set arguments \
                'names:delivery-cfg'
            set -a options \
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg create'
            set -a options \
                '--name=text What to call it' \
                '--addr=text The webhook\'s address' \
                '--format=words:JSON,XML JSON or XML' \
                '--protocol=words:REST REST' \
                '--throttling=text At most N events a minute' \
                '--cron=text Collect into files; six fields, seconds first' \
                '--latest-event-only|--no-latest-event-only With --cron: one event a number' \
                '--inactive Deliver nothing yet' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg update'
            set arguments \
                'names:delivery-cfg'
            set -a options \
                '--name=text What to call it' \
                '--addr=text The webhook\'s address' \
                '--format=words:JSON,XML JSON or XML' \
                '--protocol=words:REST REST' \
                '--throttling=text At most N events a minute' \
                '--no-throttling No limit' \
                '--cron=text Collect into files; six fields, seconds first' \
                '--latest-event-only|--no-latest-event-only For a schedule' \
                '--active|--inactive Deliver, or stop delivering' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg enable'
            set arguments \
                'names:delivery-cfg'
            set -a options \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg disable'
            set arguments \
                'names:delivery-cfg'
            set -a options \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg auth'
            set commands \
                'get Show the authentication of a delivery configuration' \
                'set Set the authentication of a delivery configuration'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg auth get'
            set arguments \
                'names:delivery-cfg'
            set -a options \
                '--reveal Show the secrets' \
                '-c|--columns=list:type,setting,value Columns to show; +x adds one, ? lists them'
        case ' delivery-cfg auth set'
            set arguments \
                'names:delivery-cfg'
            set -a options \
                '--type=words:BASIC,OAUTH,NONE BASIC, OAUTH or NONE' \
                '--username=text BASIC: who logs in' \
                '--password-file=files BASIC: read the password from a file, - is stdin' \
                '--settings-file=files OAUTH: the settings as a JSON object' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:type,setting,value Columns to show; +x adds one, ? lists them'
        case ' deliveries'
            set commands \
                'list List deliveries: one row an event and configuration' \
                'attempts List attempts to deliver, with what the webhook answered' \
                'track Show every attempt to deliver one event to one configuration' \
                'summary Count pending, retried and failed deliveries by configuration, topic and event type' \
                'check Compare pending, retried and failed deliveries with limits: exit code 0 or 10' \
                'metrics Write pending, retried and failed deliveries as metrics for Prometheus' \
                'tail Show new deliveries as they come, each once an event and configuration; Ctrl-C ends it' \
                'export Write deliveries into files, each once an event and configuration' \
                'mark-handled Mark deliveries as handled, so that they no longer count as failed' \
                'report Write a page on how deliveries fare: failures, delays, what to do next'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' deliveries list'
            set -a options \
                '--status=words:SUCCESS,PENDING,RETRY,FAILED SUCCESS, PENDING, RETRY or FAILED' \
                '--topic=names:topics Only this topic' \
                '--event-type=names:event-types Only this event type' \
                '--cfg=names:delivery-cfg Only this delivery configuration' \
                '--since=text Events from then on: 2h, 2026-11-01' \
                '--until=text Events before then' \
                '--limit=text Stop after N rows, filters applied' \
                '--offset=text Begin at the service\'s row N' \
                '--page-size=text Rows a request. [1000]' \
                '--all Every row, however many' \
                '--sort=words:event-id,time,status,topic,event-type,cfg-id,configuration,address,body Order by a column; -FIELD turns it round' \
                '+|--param=text A raw query parameter; may be repeated' \
                '-c|--columns=list:event-id,time,status,topic,event-type,cfg-id,configuration,address,body Columns to show; +x adds one, ? lists them'
        case ' deliveries attempts'
            set -a options \
                '--status=words:SUCCESS,PENDING,RETRY,FAILED SUCCESS, PENDING, RETRY or FAILED' \
                '--topic=names:topics Only this topic' \
                '--event-type=names:event-types Only this event type' \
                '--cfg=names:delivery-cfg Only this delivery configuration' \
                '--since=text Events from then on: 2h, 2026-11-01' \
                '--until=text Events before then' \
                '--limit=text Stop after N rows, filters applied' \
                '--offset=text Begin at the service\'s row N' \
                '--page-size=text Rows a request. [1000]' \
                '--all Every row, however many' \
                '--sort=words:event-id,time,attempt,result,http,answer,status,topic,event-type,configuration,event-time,address,body Order by a column; -FIELD turns it round' \
                '+|--param=text A raw query parameter; may be repeated' \
                '-c|--columns=list:event-id,time,attempt,result,http,answer,status,topic,event-type,configuration,event-time,address,body Columns to show; +x adds one, ? lists them'
        case ' deliveries track'
            set arguments \
                'text' \
                'names:delivery-cfg'
            set -a options \
                '-c|--columns=list:attempt,time,status,http,answer Columns to show; +x adds one, ? lists them'
        case ' deliveries summary'
            set -a options \
                '--by=words:cfg,topic,event-type Add up by cfg, topic or event-type' \
                '--totals A last row with the sums' \
                '--out=files Write a file, whole; %Y%m%dT%H%M and the like become the time in UTC' \
                '--lock Exit code 12 if this command runs already' \
                '--max-duration=text Exit code 13 after that time' \
                '-c|--columns=list:configuration,topic,event-type,pending,retry,failed Columns to show; +x adds one, ? lists them'
        case ' deliveries check'
            set -a options \
                '+|--max-failed=text At most so many failed, in all or of one configuration; may be repeated' \
                '+|--max-retry=text At most so many in retry, in all or of one configuration; may be repeated' \
                '+|--max-pending=text At most so many pending, in all or of one configuration; may be repeated' \
                '--max-age=text No event PENDING or RETRY is older; this reads the whole list of deliveries' \
                '--nagios A monitoring plugin\'s line and exit codes' \
                '--lock Exit code 12 if this command runs already' \
                '--max-duration=text Exit code 13 after that time' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' deliveries metrics'
            set -a options \
                '--textfile=files A file for node_exporter, written whole' \
                '--lock Exit code 12 if this command runs already' \
                '--max-duration=text Exit code 13 after that time' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' deliveries tail'
            set -a options \
                '--status=words:SUCCESS,PENDING,RETRY,FAILED SUCCESS, PENDING, RETRY or FAILED' \
                '--topic=names:topics Only this topic' \
                '--event-type=names:event-types Only this event type' \
                '--cfg=names:delivery-cfg Only this delivery configuration' \
                '--since=text Begin with those from then on: 2h. [now]' \
                '--interval=text How often to look. [10s]' \
                '--look-back=text How late a row may turn up in the list. [5m]' \
                '--forward-to=text Post the body of each there' \
                '--envelope With --forward-to: the body as a webhook gets it' \
                '--count=text End after N deliveries' \
                '--for=text End after so long; short of --count, with code 13' \
                '+|--param=text A raw query parameter; may be repeated' \
                '--lock Exit code 12 if this command runs already' \
                '--max-duration=text Exit code 13 after that time' \
                '-c|--columns=list:event-id,time,status,topic,event-type,cfg-id,configuration,address,body Columns to show; +x adds one, ? lists them'
        case ' deliveries export'
            set -a options \
                '--to=files x.jsonl, x.csv, each .gz too; a directory; s3://bucket/prefix' \
                '--attempts Attempts instead of deliveries' \
                '--format=words:parquet,jsonl,jsonl.gz,csv,csv.gz Of a directory: jsonl, csv, each .gz too. [parquet]' \
                '--status=words:SUCCESS,PENDING,RETRY,FAILED SUCCESS, PENDING, RETRY or FAILED' \
                '--topic=names:topics Only this topic' \
                '--event-type=names:event-types Only this event type' \
                '--cfg=names:delivery-cfg Only this delivery configuration' \
                '--since=text Events from then on: 2h, 2026-11-01' \
                '--until=text Events before then' \
                '--body=text Fields of the event as columns: a,b' \
                '--incremental=files Only what is new; this file knows what is' \
                '--overlap=text How late a row may turn up in the list. [1h]' \
                '--page-size=text Rows a request. [1000]' \
                '+|--param=text A raw query parameter; may be repeated' \
                '--lock Exit code 12 if this command runs already' \
                '--max-duration=text Exit code 13 after that time' \
                '-c|--columns=list:file,rows Columns to show; +x adds one, ? lists them'
        case ' deliveries mark-handled'
            set -a options \
                '--event-id=text Which event' \
                '--topic=names:topics Its topic' \
                '--event-type=names:event-types Its type' \
                '--cfg=names:delivery-cfg Its delivery configuration' \
                '--timestamp=text [from-to]; the default is [1970-01-01T00:00:00-]' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:updated Columns to show; +x adds one, ? lists them'
        case ' deliveries report'
            set -a options \
                '--html=files Where to write it; %Y-%m-%d stands for today' \
                '--topic=names:topics Only this topic' \
                '--event-type=names:event-types Only this event type' \
                '--cfg=names:delivery-cfg Only this delivery configuration' \
                '--since=text Events from then on: 2h, 2026-11-01' \
                '--until=text Events before then' \
                '+|--param=text A raw query parameter; may be repeated' \
                '--lock Exit code 12 if this command runs already' \
                '--max-duration=text Exit code 13 after that time' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' buffer-files'
            set commands \
                'list List the buffer files'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' buffer-files list'
            set -a options \
                '--limit=text Stop after N rows, filters applied' \
                '--offset=text Begin at the service\'s row N' \
                '--page-size=text Rows a request. [1000]' \
                '--all Every row, however many' \
                '--sort=words:id,cfg-id,configuration,status,opened,closed Order by a column; -FIELD turns it round' \
                '+|--param=text A raw query parameter; may be repeated' \
                '-c|--columns=list:id,cfg-id,configuration,status,opened,closed Columns to show; +x adds one, ? lists them'
        case ' event-types'
            set commands \
                'list List all event types, with their fields and the fields\' types' \
                'get Show one event type, a row a field'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' event-types list'
            set -a options \
                '--limit=text Stop after N rows, filters applied' \
                '--offset=text Begin at the service\'s row N' \
                '--page-size=text Rows a request. [1000]' \
                '--all Every row, however many' \
                '--sort=words:id,validation,mandatory,optional Order by a column; -FIELD turns it round' \
                '+|--param=text A raw query parameter; may be repeated' \
                '-c|--columns=list:id,validation,mandatory,optional Columns to show; +x adds one, ? lists them'
        case ' event-types get'
            set arguments \
                'names:event-types'
            set -a options \
                '-c|--columns=list:field,type,mandatory Columns to show; +x adds one, ? lists them'
        case ' dictionaries'
            set commands \
                'get List the entries of a dictionary'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' dictionaries get'
            set arguments \
                'words:delivery-formats,delivery-protocols,authentication-types'
            set -a options \
                '--limit=text Stop after N rows, filters applied' \
                '--offset=text Begin at the service\'s row N' \
                '--page-size=text Rows a request. [1000]' \
                '--all Every row, however many' \
                '--sort=words:code,description Order by a column; -FIELD turns it round' \
                '+|--param=text A raw query parameter; may be repeated' \
                '-c|--columns=list:code,description Columns to show; +x adds one, ? lists them'
        case ' auth'
            set commands \
                'login Store the access token, and a user token if there is one, in the system\'s keyring' \
                'logout Remove the stored tokens of this profile and this service from the keyring' \
                'status Show where each secret comes from, masked, and whether the service accepts it' \
                'refresh Replace the access token by a new one'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' auth login'
            set -a options \
                '--with-token Read the access token from stdin' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' auth logout'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' auth status'
            set -a options \
                '--offline Do not ask the service whether it accepts them' \
                '-c|--columns=list:secret,source,value,origin,profile,accepted Columns to show; +x adds one, ? lists them'
        case ' auth refresh'
            set -a options \
                '--consumer-key-file=files Holds the consumer key' \
                '--consumer-secret-file=files Holds its secret' \
                '--validity=text How long the new one is good; 0 for ever. [86400]' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '--lock Exit code 12 if this command runs already' \
                '--max-duration=text Exit code 13 after that time' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' profile'
            set commands \
                'list List the profiles; the active one is used where -p and ESS_PROFILE name no other' \
                'show Show each setting that a command would go by, and where it comes from' \
                'use Make a profile the one that commands use where -p and ESS_PROFILE name no other' \
                'set Make a profile, or change the settings given' \
                'remove Remove a profile from the configuration file; the built-in default is only reset'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' profile list'
            set -a options \
                '-c|--columns=list:name,base-url,active,protected,built-in,output,timeout,token-command,company-id,ca-bundle,auto-refresh Columns to show; +x adds one, ? lists them'
        case ' profile show'
            set arguments \
                'names:profiles'
            set -a options \
                '-c|--columns=list:setting,value,source Columns to show; +x adds one, ? lists them'
        case ' profile use'
            set arguments \
                'names:profiles'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' profile set'
            set arguments \
                'names:profiles'
            set -a options \
                '--protected|--no-protected Every write wants its name typed' \
                '--token-command=text Prints the access token: \'pass show ess\'' \
                '--company-id=text The company\'s id at Syniverse' \
                '--ca-bundle=files Trusted certificates, as PEM' \
                '--auto-refresh|--no-auto-refresh A read that gets a 401 gets a new token' \
                '--refresh-path=text Where the host gives new tokens' \
                '--consumer-key-file=files What a new token takes' \
                '--consumer-secret-file=files Likewise' \
                '--no-base-url Back to the real service' \
                '--no-output Back to the default' \
                '--no-timeout Back to the default' \
                '--no-token-command Without one' \
                '--no-company-id Without one' \
                '--no-ca-bundle Back to the usual ones' \
                '--no-refresh-path Back to the usual' \
                '--no-consumer-key-file Without' \
                '--no-consumer-secret-file Without' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:name,base-url,active,protected,built-in,output,timeout,token-command,company-id,ca-bundle,auto-refresh Columns to show; +x adds one, ? lists them'
        case ' profile remove'
            set arguments \
                'names:profiles'
            set -a options \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' listen'
            set -a options \
                '--port=text 0 takes a free one. [8026]' \
                '--status=text What is answered: --status 503. [200]' \
                '--fail-first=text Fail the first N requests of each event id, with --status or 503; then take it' \
                '--delay=text Hold each answer back: 500ms, 2s' \
                '--basic=text Take events of this user only' \
                '--password-file=files Read that user\'s password from a file, - is stdin; else it is asked for' \
                '--save=files Keep each event\'s body in this directory' \
                '--forward-to=text Pass events on, and answer what is answered there' \
                '--count=text End after N different events taken' \
                '--for=text End after so long; short of --count, with code 13' \
                '-c|--columns=list:received,topic,event-type,event-id,attempt,verdict,detail,status,timestamp,event Columns to show; +x adds one, ? lists them'
        case ' sandbox'
            set commands \
                'status Say where the sandbox keeps its state, and what is in it' \
                'reset Give the sandbox its first contents back' \
                'serve Offer the sandbox over HTTP on this machine, for curl and other clients' \
                'faults List what can go wrong on demand: the faults of `ess sandbox serve --fault`' \
                'emit Let an event happen: it is checked, matched, and goes to who is subscribed to it' \
                'seed Add many subscriptions and deliveries to the sandbox, to see how scripts bear it'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' sandbox status'
            set -a options \
                '-c|--columns=list:fact,value Columns to show; +x adds one, ? lists them'
        case ' sandbox reset'
            set -a options \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' sandbox serve'
            set -a options \
                '--port=text 0 takes a free one. [8025]' \
                '+|--allow-host=text Deliver to this host too, not only to loopback' \
                '--retry-schedule=text Waits before another attempt, or none. [10s,1m,5m]' \
                '--clock-speed=text Wait N times shorter. [1]' \
                '--delivery-timeout=text For one attempt. [10s]' \
                '+|--fault=text What goes wrong, and how often: 429:5%,timeout:1%; see ess sandbox faults' \
                '--fault-seed=text The same faults again. [a new one each time]' \
                '--expire-tokens=text How long a token is good for. [for ever]' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' sandbox faults'
            set -a options \
                '-c|--columns=list:name,kind,effect Columns to show; +x adds one, ? lists them'
        case ' sandbox emit'
            set arguments \
                'names:event-types'
            set -a options \
                '--topic=names:topics Where several topics have this event type' \
                '+|--field=text A field of the event; repeat it' \
                '--file=files JSON lines instead: topic, event-type, fields' \
                '--count=text How often it happens. [1]' \
                '--rate=text At most so many a second, or N/m a minute' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=list:event-id,topic,event-type,configurations,timestamp Columns to show; +x adds one, ? lists them'
        case ' sandbox seed'
            set -a options \
                '--subscriptions=text Each to a number of its own' \
                '--deliveries=text One in a hundred has failed' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' api'
            set arguments \
                'words:GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS' \
                'words:/topics,/topic-subscriptions,/topic-subscriptions/mdn,/topic-subscriptions/uniqueMdnCount,/delivery-configurations,/event-deliveries,/event-delivery-attempts,/event-deliveries/summary,/event-buffer-files,/event-types'
            set -a options \
                '--data=files Send the file as JSON; - is stdin' \
                '+|--field=text A GET\'s query parameter, else a key of the body' \
                '-n|--dry-run Show what would be sent; send only reads' \
                '-y|--yes Do not ask' \
                '--confirm=text Confirm a protected profile by its name' \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' completion'
            set arguments \
                'words:bash,zsh,fish,powershell'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case ' help'
            set arguments \
                'words:exit-codes,environment,output'
            set -a options \
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
        case '*'
            return 1
    end
    return 0
end

function __ess_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l typed (__ess_unquoted "$token")
    set -l program ess
    set -l path ''
    set -l pending ''
    set -l profile ''
    set -l dashes ''
    set -l kind ''
    set -l position 1
    set -l used
    set -l commands
    set -l arguments
    set -l options
    if string match -q '*/*' -- $words[1]; and test -x $words[1]
        set program $words[1]
    end
    set -e words[1]
    __ess_at ''
    for word in $words
        __ess_pass $word
        or return
    end
    if test -n "$pending"
        __ess_kind $pending
        __ess_values '' "$typed" "$token"
    else if test -z "$dashes"; and string match -q -- '--*=*' "$typed"
        set -l parts (string split -m 1 = -- $typed)
        __ess_kind $parts[1]
        __ess_values $parts[1]= "$parts[2]" (string replace -r '^[^=]*=' '' -- $token)
    else if test -z "$dashes"; and string match -q -- '-*' "$typed"
        __ess_options
    else if set -q commands[1]
        string replace ' ' \t -- $commands
    else if set -q arguments[$position]
        set kind $arguments[$position]
        __ess_values '' "$typed" "$token"
    else if test -z "$typed$dashes"
        __ess_options
    end
end

# A token without its quotes, of which the last may be open.
function __ess_unquoted
    string unescape -- $argv[1]
    or string unescape -- $argv[1]\'
    or string unescape -- $argv[1]\"
    or echo
end

# Takes a word before the cursor in: path, pending, dashes, position, profile and used go by it.
# Fails where no such command exists.
function __ess_pass --no-scope-shadowing
    set -l word $argv[1]
    if test -n "$pending"
        __ess_given $pending $word
        set pending ''
    else if test -z "$dashes"; and test "$word" = --
        set dashes 1
    else if test -z "$dashes"; and string match -q -- '--*=*' $word
        __ess_given (string split -m 1 = -- $word)
    else if test -z "$dashes"; and string match -q -- '--*' $word
        __ess_kind $word
        set -a used $word
        test -n "$kind"; and set pending $word
    else if test -z "$dashes"; and string match -q -- '-?*' $word
        set -l letters (string split '' -- $word)
        set -e letters[1]
        while set -q letters[1]
            __ess_kind -$letters[1]
            set -a used -$letters[1]
            if test -n "$kind"
                set pending -$letters[1]
                set -e letters[1]
                if set -q letters[1]
                    __ess_given $pending (string join '' -- $letters)
                    set pending ''
                end
                break
            end
            set -e letters[1]
        end
    else if set -q commands[1]
        set path "$path $word"
        set dashes ''
        __ess_at $path
        or return 1
    else if not string match -q '*...' -- $arguments[$position]
        set position (math $position + 1)
    end
    return 0
end

function __ess_given --no-scope-shadowing
    set -a used $argv[1]
    if contains -- $argv[1] -p --profile
        set profile $argv[2]
    end
end

# Sets kind to what the value of an option is: empty for a flag, and where there is no such option.
function __ess_kind --no-scope-shadowing
    set kind ''
    for option in $options
        set -l parts (string split -m 1 = -- (string split -m 1 ' ' -- $option)[1])
        if contains -- $argv[1] (string split '|' -- $parts[1])
            set kind "$parts[2]"
            return
        end
    end
end

# Prints the values of a kind. Before them stands $argv[1]; $argv[2] is typed, $argv[3] in quotes.
function __ess_values --no-scope-shadowing
    set -l parts (string split -m 1 : -- (string replace '...' '' -- $kind))
    switch "$parts[1]"
        case words
            printf '%s\n' $argv[1](string split , -- $parts[2])
        case list
            set -l chosen (string split , -- $argv[2])
            set -e chosen[-1]
            set -l before $argv[1](string join '' -- $chosen,)
            for word in (string split , -- $parts[2])
                contains -- $word $chosen
                or printf '%s\n' $before$word
            end
        case names
            # Where none begins with what is typed, all of them: fish finds it in the middle too.
            set -l found (command $program __complete $parts[2] $argv[2] "$profile" 2>/dev/null)
            set -q found[1]
            or set found (command $program __complete $parts[2] '' "$profile" 2>/dev/null)
            # A positional argument that begins with - can only stand behind --.
            if test -z "$argv[1]$pending$dashes"
                set found (string match -v -- '-*' $found)
            end
            # NOTE: fish escapes all that is special, but not a tilde at the beginning.
            if test -z "$argv[1]"; and not string match -q -r '^[\'"]' -- $argv[3]
                set found (string match -v -- '~*' $found)
            end
            set -q found[1]
            and printf '%s\n' $argv[1]$found
        case files
            set -l found (__fish_complete_path $argv[3])
            set -q found[1]
            and printf '%s\n' $argv[1]$found
    end
end

function __ess_options --no-scope-shadowing
    for option in $options
        set -l parts (string split -m 1 ' ' -- $option)
        set -l names (string split '|' -- (string split = -- $parts[1])[1])
        if test $names[1] = +
            set -e names[1]
        else if string match -q -r -- '^('(string join '|' -- $names)')$' $used
            continue
        end
        for name in $names
            printf '%s\t%s\n' $name "$parts[2]"
        end
    end
end

complete -c ess -f -a '(__ess_complete)'
