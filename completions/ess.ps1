# Completion of ess, made by `python -m ess_cli.completion`; changes get lost.
# Commands, options and fixed values stand in here; only names are asked of `ess __complete`.
Register-ArgumentCompleter -Native -CommandName 'ess' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # What may follow a command: commands, or arguments by kind; and options, as names=kind, where
    # names are apart by | and begin with + for one that may be repeated.
    $everywhere = @(
        '-h|--help Show this message and exit'
        '-p|--profile=names:profiles Which account to work on'
        '--base-url=text The service''s base URL, for this call'
        '--token-file=files Read the access token from a file'
        '--user-token-file=files Read the user token from a file'
        '-o|--output=words:table,json,jsonl,yaml,csv,tsv,name table|json|jsonl|yaml|csv|tsv|name'
        '--json The same as -o json'
        '--query=text Pick from the JSON document'
        '--no-header No header line'
        '--excel csv: guard cells that a spreadsheet would run'
        '-q|--quiet No notes on stderr'
        '-v|--verbose Say more on stderr, with time and profile'
        '--debug One line a request on stderr, secrets masked'
        '--no-color No colour'
        '--timeout=text For connecting, headers and any stall. [30]'
        '--no-input Never ask anything'
        '-V|--version Print the version'
    )
    $tree = @{
        '' = @{
            Commands = @(
                'topics Topics, their event types, dumps of their subscriptions'
                'subs Subscriptions: who gets which events'
                'delivery-cfg Delivery configurations: webhooks and schedules'
                'deliveries Deliveries, their attempts, what failed'
                'buffer-files Files of scheduled deliveries'
                'event-types Event types and their fields'
                'dictionaries Formats, protocols and authentication types'
                'auth Log in, log out, see which credentials are used'
                'profile Accounts and their settings'
                'listen Be a webhook: show each event as it is delivered, and answer as told'
                'sandbox The embedded service: try, rehearse and test without an account'
                'api Call any path of the service and print the reply as it came'
                'completion Print the completion script of a shell'
                'help Explain what concerns all commands: exit codes, environment, output'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' topics' = @{
            Commands = @(
                'list List the topics of the company'
                'event-types List the event types of a topic, with their fields'
                'dump Have the service write a file of a topic''s subscriptions; fetch it with --wait'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' topics list' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--limit=text Stop after N rows, filters applied'
                '--offset=text Begin at the service''s row N'
                '--page-size=text Rows a request. [1000]'
                '--all Every row, however many'
                '--sort=words:name,service,event-types Order by a column; -FIELD turns it round'
                '+|--param=text A raw query parameter; may be repeated'
                '-c|--columns=list:name,service,event-types Columns to show; +x adds one, ? lists them'
            )
        }
        ' topics event-types' = @{
            Commands = @()
            Arguments = @(
                'names:topics'
            )
            Options = @(
                '--limit=text Stop after N rows, filters applied'
                '--offset=text Begin at the service''s row N'
                '--page-size=text Rows a request. [1000]'
                '--all Every row, however many'
                '--sort=words:id,validation,mandatory,optional Order by a column; -FIELD turns it round'
                '+|--param=text A raw query parameter; may be repeated'
                '-c|--columns=list:id,validation,mandatory,optional Columns to show; +x adds one, ? lists them'
            )
        }
        ' topics dump' = @{
            Commands = @()
            Arguments = @(
                'names:topics'
            )
            Options = @(
                '--compression|--no-compression Compress the file. [on]'
                '--compression-type=words:gzip gzip is the only one seen. [gzip]'
                '--wait Wait for the file and fetch it, to --out'
                '--out=files Where the file goes, unpacked'
                '--wait-for=text How long, then code 13. [30m]'
                '--resume=text Start none; wait for the dump of this reference id'
                '--since=text With --resume: when it was started. [7d]'
                '+|--allow-file-host=text Fetch the file from this host, too, without credentials; may be repeated'
                '--max-size=text The most that the file may have: 500M. [20G]'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '--lock Exit code 12 if this command runs already'
                '--max-duration=text Exit code 13 after that time'
                '-c|--columns=list:reference-id Columns to show; +x adds one, ? lists them'
            )
        }
        ' subs' = @{
            Commands = @(
                'list List subscriptions, all or some'
                'mdn Show who is subscribed to a phone number'
                'mdn-count Count the different numbers that are subscribed'
                'get Show one subscription'
                'create Subscribe a delivery configuration to a topic'
                'update Change criteria or dates of a subscription'
                'end End a subscription: the nearest thing to removing it that the service has'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' subs list' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--topic=names:topics Only this topic'
                '--event-type=names:event-types Only this event type'
                '--cfg=names:delivery-cfg Only this delivery configuration'
                '--limit=text Stop after N rows, filters applied'
                '--offset=text Begin at the service''s row N'
                '--page-size=text Rows a request. [1000]'
                '--all Every row, however many'
                '--sort=words:id,topic,event-type,cfg-id,configuration,match,start Order by a column; -FIELD turns it round'
                '+|--param=text A raw query parameter; may be repeated'
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
            )
        }
        ' subs mdn' = @{
            Commands = @()
            Arguments = @(
                'text'
            )
            Options = @(
                '--match=text Criteria: number = ''+12025550123'''
                '--topic=names:topics NIS-Events is the only one documented'
                '-c|--columns=list:cfg-id,configuration,event-types Columns to show; +x adds one, ? lists them'
            )
        }
        ' subs mdn-count' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '-c|--columns=list:topic,numbers Columns to show; +x adds one, ? lists them'
            )
        }
        ' subs get' = @{
            Commands = @()
            Arguments = @(
                'names:topics'
                'text'
            )
            Options = @(
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
            )
        }
        ' subs create' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--topic=names:topics The topic''s name'
                '--cfg=names:delivery-cfg Where the events go'
                '--event-type=names:event-types Only this one; all without it'
                '--match=text Criteria: number = ''+12025550123'''
                '--number=text Only events of this E.164 number'
                '--start-date=text Events from then on. [now]'
                '--end-date=text Events until then; for ever without it'
                '--allow-duplicate Even if the same one exists'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
            )
        }
        ' subs update' = @{
            Commands = @()
            Arguments = @(
                'names:topics'
                'text'
            )
            Options = @(
                '--match=text Criteria: number = ''+12025550123'''
                '--no-match Every event'
                '--start-date=text Events from then on'
                '--end-date=text Events until then'
                '--no-end-date For ever'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
            )
        }
        ' subs end' = @{
            Commands = @()
            Arguments = @(
                'names:topics'
                'text'
            )
            Options = @(
                '--at=text No events from then on. [now]'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:id,topic,event-type,cfg-id,configuration,match,start Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg' = @{
            Commands = @(
                'list List the delivery configurations'
                'get Show one delivery configuration'
                'create Create a webhook (--addr), or a schedule that collects events into files (--cron)'
                'update Change a delivery configuration'
                'enable Let a delivery configuration deliver again'
                'disable Switch a delivery configuration off'
                'auth How a webhook authenticates the service'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg list' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--limit=text Stop after N rows, filters applied'
                '--offset=text Begin at the service''s row N'
                '--page-size=text Rows a request. [1000]'
                '--all Every row, however many'
                '--sort=words:id,name,active,format,throttling,cron,address,protocol,latest-event-only Order by a column; -FIELD turns it round'
                '+|--param=text A raw query parameter; may be repeated'
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg get' = @{
            Commands = @()
            Arguments = @(
                'names:delivery-cfg'
            )
            Options = @(
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg create' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--name=text What to call it'
                '--addr=text The webhook''s address'
                '--format=words:JSON,XML JSON or XML'
                '--protocol=words:REST REST'
                '--throttling=text At most N events a minute'
                '--cron=text Collect into files; six fields, seconds first'
                '--latest-event-only|--no-latest-event-only With --cron: one event a number'
                '--inactive Deliver nothing yet'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg update' = @{
            Commands = @()
            Arguments = @(
                'names:delivery-cfg'
            )
            Options = @(
                '--name=text What to call it'
                '--addr=text The webhook''s address'
                '--format=words:JSON,XML JSON or XML'
                '--protocol=words:REST REST'
                '--throttling=text At most N events a minute'
                '--no-throttling No limit'
                '--cron=text Collect into files; six fields, seconds first'
                '--latest-event-only|--no-latest-event-only For a schedule'
                '--active|--inactive Deliver, or stop delivering'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg enable' = @{
            Commands = @()
            Arguments = @(
                'names:delivery-cfg'
            )
            Options = @(
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg disable' = @{
            Commands = @()
            Arguments = @(
                'names:delivery-cfg'
            )
            Options = @(
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:id,name,active,format,throttling,cron,address,protocol,latest-event-only Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg auth' = @{
            Commands = @(
                'get Show the authentication of a delivery configuration'
                'set Set the authentication of a delivery configuration'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg auth get' = @{
            Commands = @()
            Arguments = @(
                'names:delivery-cfg'
            )
            Options = @(
                '--reveal Show the secrets'
                '-c|--columns=list:type,setting,value Columns to show; +x adds one, ? lists them'
            )
        }
        ' delivery-cfg auth set' = @{
            Commands = @()
            Arguments = @(
                'names:delivery-cfg'
            )
            Options = @(
                '--type=words:BASIC,OAUTH,NONE BASIC, OAUTH or NONE'
                '--username=text BASIC: who logs in'
                '--password-file=files BASIC: read the password from a file, - is stdin'
                '--settings-file=files OAUTH: the settings as a JSON object'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:type,setting,value Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries' = @{
            Commands = @(
                'list List deliveries: one row an event and configuration'
                'attempts List attempts to deliver, with what the webhook answered'
                'track Show every attempt to deliver one event to one configuration'
                'summary Count pending, retried and failed deliveries by configuration, topic and event type'
                'check Compare pending, retried and failed deliveries with limits: exit code 0 or 10'
                'metrics Write pending, retried and failed deliveries as metrics for Prometheus'
                'tail Show new deliveries as they come, each once an event and configuration; Ctrl-C ends it'
                'export Write deliveries into files, each once an event and configuration'
                'mark-handled Mark deliveries as handled, so that they no longer count as failed'
                'report Write a page on how deliveries fare: failures, delays, what to do next'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries list' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--status=words:SUCCESS,PENDING,RETRY,FAILED SUCCESS, PENDING, RETRY or FAILED'
                '--topic=names:topics Only this topic'
                '--event-type=names:event-types Only this event type'
                '--cfg=names:delivery-cfg Only this delivery configuration'
                '--since=text Events from then on: 2h, 2026-11-01'
                '--until=text Events before then'
                '--limit=text Stop after N rows, filters applied'
                '--offset=text Begin at the service''s row N'
                '--page-size=text Rows a request. [1000]'
                '--all Every row, however many'
                '--sort=words:event-id,time,status,topic,event-type,cfg-id,configuration,address,body Order by a column; -FIELD turns it round'
                '+|--param=text A raw query parameter; may be repeated'
                '-c|--columns=list:event-id,time,status,topic,event-type,cfg-id,configuration,address,body Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries attempts' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--status=words:SUCCESS,PENDING,RETRY,FAILED SUCCESS, PENDING, RETRY or FAILED'
                '--topic=names:topics Only this topic'
                '--event-type=names:event-types Only this event type'
                '--cfg=names:delivery-cfg Only this delivery configuration'
                '--since=text Events from then on: 2h, 2026-11-01'
                '--until=text Events before then'
                '--limit=text Stop after N rows, filters applied'
                '--offset=text Begin at the service''s row N'
                '--page-size=text Rows a request. [1000]'
                '--all Every row, however many'
                '--sort=words:event-id,time,attempt,result,http,answer,status,topic,event-type,configuration,event-time,address,body Order by a column; -FIELD turns it round'
                '+|--param=text A raw query parameter; may be repeated'
                '-c|--columns=list:event-id,time,attempt,result,http,answer,status,topic,event-type,configuration,event-time,address,body Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries track' = @{
            Commands = @()
            Arguments = @(
                'text'
                'names:delivery-cfg'
            )
            Options = @(
                '-c|--columns=list:attempt,time,status,http,answer Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries summary' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--by=words:cfg,topic,event-type Add up by cfg, topic or event-type'
                '--totals A last row with the sums'
                '--out=files Write a file, whole; %Y%m%dT%H%M and the like become the time in UTC'
                '--lock Exit code 12 if this command runs already'
                '--max-duration=text Exit code 13 after that time'
                '-c|--columns=list:configuration,topic,event-type,pending,retry,failed Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries check' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '+|--max-failed=text At most so many failed, in all or of one configuration; may be repeated'
                '+|--max-retry=text At most so many in retry, in all or of one configuration; may be repeated'
                '+|--max-pending=text At most so many pending, in all or of one configuration; may be repeated'
                '--max-age=text No event PENDING or RETRY is older; this reads the whole list of deliveries'
                '--nagios A monitoring plugin''s line and exit codes'
                '--lock Exit code 12 if this command runs already'
                '--max-duration=text Exit code 13 after that time'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries metrics' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--textfile=files A file for node_exporter, written whole'
                '--lock Exit code 12 if this command runs already'
                '--max-duration=text Exit code 13 after that time'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries tail' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--status=words:SUCCESS,PENDING,RETRY,FAILED SUCCESS, PENDING, RETRY or FAILED'
                '--topic=names:topics Only this topic'
                '--event-type=names:event-types Only this event type'
                '--cfg=names:delivery-cfg Only this delivery configuration'
                '--since=text Begin with those from then on: 2h. [now]'
                '--interval=text How often to look. [10s]'
                '--look-back=text How late a row may turn up in the list. [5m]'
                '--forward-to=text Post the body of each there'
                '--envelope With --forward-to: the body as a webhook gets it'
                '--count=text End after N deliveries'
                '--for=text End after so long; short of --count, with code 13'
                '+|--param=text A raw query parameter; may be repeated'
                '--lock Exit code 12 if this command runs already'
                '--max-duration=text Exit code 13 after that time'
                '-c|--columns=list:event-id,time,status,topic,event-type,cfg-id,configuration,address,body Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries export' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--to=files x.jsonl, x.csv, each .gz too; a directory; s3://bucket/prefix'
                '--attempts Attempts instead of deliveries'
                '--format=words:parquet,jsonl,jsonl.gz,csv,csv.gz Of a directory: jsonl, csv, each .gz too. [parquet]'
                '--status=words:SUCCESS,PENDING,RETRY,FAILED SUCCESS, PENDING, RETRY or FAILED'
                '--topic=names:topics Only this topic'
                '--event-type=names:event-types Only this event type'
                '--cfg=names:delivery-cfg Only this delivery configuration'
                '--since=text Events from then on: 2h, 2026-11-01'
                '--until=text Events before then'
                '--body=text Fields of the event as columns: a,b'
                '--incremental=files Only what is new; this file knows what is'
                '--overlap=text How late a row may turn up in the list. [1h]'
                '--page-size=text Rows a request. [1000]'
                '+|--param=text A raw query parameter; may be repeated'
                '--lock Exit code 12 if this command runs already'
                '--max-duration=text Exit code 13 after that time'
                '-c|--columns=list:file,rows Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries mark-handled' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--event-id=text Which event'
                '--topic=names:topics Its topic'
                '--event-type=names:event-types Its type'
                '--cfg=names:delivery-cfg Its delivery configuration'
                '--timestamp=text [from-to]; the default is [1970-01-01T00:00:00-]'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:updated Columns to show; +x adds one, ? lists them'
            )
        }
        ' deliveries report' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--html=files Where to write it; %Y-%m-%d stands for today'
                '--topic=names:topics Only this topic'
                '--event-type=names:event-types Only this event type'
                '--cfg=names:delivery-cfg Only this delivery configuration'
                '--since=text Events from then on: 2h, 2026-11-01'
                '--until=text Events before then'
                '+|--param=text A raw query parameter; may be repeated'
                '--lock Exit code 12 if this command runs already'
                '--max-duration=text Exit code 13 after that time'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' buffer-files' = @{
            Commands = @(
                'list List the buffer files'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' buffer-files list' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--limit=text Stop after N rows, filters applied'
                '--offset=text Begin at the service''s row N'
                '--page-size=text Rows a request. [1000]'
                '--all Every row, however many'
                '--sort=words:id,cfg-id,configuration,status,opened,closed Order by a column; -FIELD turns it round'
                '+|--param=text A raw query parameter; may be repeated'
                '-c|--columns=list:id,cfg-id,configuration,status,opened,closed Columns to show; +x adds one, ? lists them'
            )
        }
        ' event-types' = @{
            Commands = @(
                'list List all event types, with their fields and the fields'' types'
                'get Show one event type, a row a field'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' event-types list' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--limit=text Stop after N rows, filters applied'
                '--offset=text Begin at the service''s row N'
                '--page-size=text Rows a request. [1000]'
                '--all Every row, however many'
                '--sort=words:id,validation,mandatory,optional Order by a column; -FIELD turns it round'
                '+|--param=text A raw query parameter; may be repeated'
                '-c|--columns=list:id,validation,mandatory,optional Columns to show; +x adds one, ? lists them'
            )
        }
        ' event-types get' = @{
            Commands = @()
            Arguments = @(
                'names:event-types'
            )
            Options = @(
                '-c|--columns=list:field,type,mandatory Columns to show; +x adds one, ? lists them'
            )
        }
        ' dictionaries' = @{
            Commands = @(
                'get List the entries of a dictionary'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' dictionaries get' = @{
            Commands = @()
            Arguments = @(
                'words:delivery-formats,delivery-protocols,authentication-types'
            )
            Options = @(
                '--limit=text Stop after N rows, filters applied'
                '--offset=text Begin at the service''s row N'
                '--page-size=text Rows a request. [1000]'
                '--all Every row, however many'
                '--sort=words:code,description Order by a column; -FIELD turns it round'
                '+|--param=text A raw query parameter; may be repeated'
                '-c|--columns=list:code,description Columns to show; +x adds one, ? lists them'
            )
        }
        ' auth' = @{
            Commands = @(
                'login Store the access token, and a user token if there is one, in the system''s keyring'
                'logout Remove the stored tokens of this profile and this service from the keyring'
                'status Show where each secret comes from, masked, and whether the service accepts it'
                'refresh Replace the access token by a new one'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' auth login' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--with-token Read the access token from stdin'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' auth logout' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' auth status' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--offline Do not ask the service whether it accepts them'
                '-c|--columns=list:secret,source,value,origin,profile,accepted Columns to show; +x adds one, ? lists them'
            )
        }
        ' auth refresh' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--consumer-key-file=files Holds the consumer key'
                '--consumer-secret-file=files Holds its secret'
                '--validity=text How long the new one is good; 0 for ever. [86400]'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '--lock Exit code 12 if this command runs already'
                '--max-duration=text Exit code 13 after that time'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' profile' = @{
            Commands = @(
                'list List the profiles; the active one is used where -p and ESS_PROFILE name no other'
                'show Show each setting that a command would go by, and where it comes from'
                'use Make a profile the one that commands use where -p and ESS_PROFILE name no other'
                'set Make a profile, or change the settings given'
                'remove Remove a profile from the configuration file; the built-in default is only reset'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' profile list' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '-c|--columns=list:name,base-url,active,protected,built-in,output,timeout,token-command,company-id,ca-bundle,auto-refresh Columns to show; +x adds one, ? lists them'
            )
        }
        ' profile show' = @{
            Commands = @()
            Arguments = @(
                'names:profiles'
            )
            Options = @(
                '-c|--columns=list:setting,value,source Columns to show; +x adds one, ? lists them'
            )
        }
        ' profile use' = @{
            Commands = @()
            Arguments = @(
                'names:profiles'
            )
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' profile set' = @{
            Commands = @()
            Arguments = @(
                'names:profiles'
            )
            Options = @(
                '--protected|--no-protected Every write wants its name typed'
                '--token-command=text Prints the access token: ''pass show ess'''
                '--company-id=text The company''s id at Syniverse'
                '--ca-bundle=files Trusted certificates, as PEM'
                '--auto-refresh|--no-auto-refresh A read that gets a 401 gets a new token'
                '--refresh-path=text Where the host gives new tokens'
                '--consumer-key-file=files What a new token takes'
                '--consumer-secret-file=files Likewise'
                '--no-base-url Back to the real service'
                '--no-output Back to the default'
                '--no-timeout Back to the default'
                '--no-token-command Without one'
                '--no-company-id Without one'
                '--no-ca-bundle Back to the usual ones'
                '--no-refresh-path Back to the usual'
                '--no-consumer-key-file Without'
                '--no-consumer-secret-file Without'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:name,base-url,active,protected,built-in,output,timeout,token-command,company-id,ca-bundle,auto-refresh Columns to show; +x adds one, ? lists them'
            )
        }
        ' profile remove' = @{
            Commands = @()
            Arguments = @(
                'names:profiles'
            )
            Options = @(
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' listen' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--port=text 0 takes a free one. [8026]'
                '--status=text What is answered: --status 503. [200]'
                '--fail-first=text Fail the first N requests of each event id, with --status or 503; then take it'
                '--delay=text Hold each answer back: 500ms, 2s'
                '--basic=text Take events of this user only'
                '--password-file=files Read that user''s password from a file, - is stdin; else it is asked for'
                '--save=files Keep each event''s body in this directory'
                '--forward-to=text Pass events on, and answer what is answered there'
                '--count=text End after N different events taken'
                '--for=text End after so long; short of --count, with code 13'
                '-c|--columns=list:received,topic,event-type,event-id,attempt,verdict,detail,status,timestamp,event Columns to show; +x adds one, ? lists them'
            )
        }
        ' sandbox' = @{
            Commands = @(
                'status Say where the sandbox keeps its state, and what is in it'
                'reset Give the sandbox its first contents back'
                'serve Offer the sandbox over HTTP on this machine, for curl and other clients'
                'faults List what can go wrong on demand: the faults of `ess sandbox serve --fault`'
                'emit Let an event happen: it is checked, matched, and goes to who is subscribed to it'
                'seed Add many subscriptions and deliveries to the sandbox, to see how scripts bear it'
            )
            Arguments = @()
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' sandbox status' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '-c|--columns=list:fact,value Columns to show; +x adds one, ? lists them'
            )
        }
        ' sandbox reset' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' sandbox serve' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--port=text 0 takes a free one. [8025]'
                '+|--allow-host=text Deliver to this host too, not only to loopback'
                '--retry-schedule=text Waits before another attempt, or none. [10s,1m,5m]'
                '--clock-speed=text Wait N times shorter. [1]'
                '--delivery-timeout=text For one attempt. [10s]'
                '+|--fault=text What goes wrong, and how often: 429:5%,timeout:1%; see ess sandbox faults'
                '--fault-seed=text The same faults again. [a new one each time]'
                '--expire-tokens=text How long a token is good for. [for ever]'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' sandbox faults' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '-c|--columns=list:name,kind,effect Columns to show; +x adds one, ? lists them'
            )
        }
        ' sandbox emit' = @{
            Commands = @()
            Arguments = @(
                'names:event-types'
            )
            Options = @(
                '--topic=names:topics Where several topics have this event type'
                '+|--field=text A field of the event; repeat it'
                '--file=files JSON lines instead: topic, event-type, fields'
                '--count=text How often it happens. [1]'
                '--rate=text At most so many a second, or N/m a minute'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=list:event-id,topic,event-type,configurations,timestamp Columns to show; +x adds one, ? lists them'
            )
        }
        ' sandbox seed' = @{
            Commands = @()
            Arguments = @()
            Options = @(
                '--subscriptions=text Each to a number of its own'
                '--deliveries=text One in a hundred has failed'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' api' = @{
            Commands = @()
            Arguments = @(
                'words:GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS'
                'words:/topics,/topic-subscriptions,/topic-subscriptions/mdn,/topic-subscriptions/uniqueMdnCount,/delivery-configurations,/event-deliveries,/event-delivery-attempts,/event-deliveries/summary,/event-buffer-files,/event-types'
            )
            Options = @(
                '--data=files Send the file as JSON; - is stdin'
                '+|--field=text A GET''s query parameter, else a key of the body'
                '-n|--dry-run Show what would be sent; send only reads'
                '-y|--yes Do not ask'
                '--confirm=text Confirm a protected profile by its name'
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' completion' = @{
            Commands = @()
            Arguments = @(
                'words:bash,zsh,fish,powershell'
            )
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
        ' help' = @{
            Commands = @()
            Arguments = @(
                'words:exit-codes,environment,output'
            )
            Options = @(
                '-c|--columns=text Columns to show; +x adds one, ? lists them'
            )
        }
    }

    # What the value of an option is; empty for a flag, and where there is no such option.
    $kindOf = {
        param($name)
        foreach ($option in $everywhere + $node.Options) {
            $names, $kind = ($option -split ' ', 2)[0] -split '=', 2
            if (($names -split '\|') -ccontains $name) { return "$kind" }
        }
        return ''
    }

    $program, $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) {
                $_.Value
            } else {
                $_.Extent.Text
            }
        })
    $path = ''; $node = $tree['']; $pending = ''; $account = ''; $dashes = $false
    $position = 0; $used = @()
    foreach ($word in $words) {
        if ($pending) {
            if ($pending -cin '-p', '--profile') { $account = $word }
            $pending = ''
        } elseif (-not $dashes -and $word -ceq '--') {
            $dashes = $true
        } elseif (-not $dashes -and $word -clike '--*=*') {
            $name, $value = $word -split '=', 2
            $used += $name
            if ($name -ceq '--profile') { $account = $value }
        } elseif (-not $dashes -and $word -clike '--*') {
            $used += $word
            if (& $kindOf $word) { $pending = $word }
        } elseif (-not $dashes -and $word -clike '-?*') {
            for ($i = 1; $i -lt $word.Length; $i++) {
                $name = "-$($word[$i])"
                $used += $name
                if (-not (& $kindOf $name)) { continue }
                $value = $word.Substring($i + 1)
                if (-not $value) { $pending = $name } elseif ($name -ceq '-p') { $account = $value }
                break
            }
        } elseif ($node.Commands) {
            $path = "$path $word"
            if (-not $tree.ContainsKey($path)) { return }
            $node = $tree[$path]
            $dashes = $false
        } else {
            $position++
        }
    }

    $typed = $wordToComplete.TrimStart([char[]]"'`"")
    $before = ''
    $kind = ''
    if ($pending) {
        $kind = & $kindOf $pending
    } elseif (-not $dashes -and $typed -clike '--*=*') {
        $name, $typed = $typed -split '=', 2
        $before = "$name="
        $kind = & $kindOf $name
    } elseif (-not $dashes -and $typed -clike '-*') {
        $kind = 'options'
    } elseif ($node.Commands) {
        $kind = 'commands'
    } elseif ($position -lt $node.Arguments.Count) {
        $kind = $node.Arguments[$position]
    } elseif ($node.Arguments -and $node.Arguments[-1].EndsWith('...')) {
        $kind = $node.Arguments[-1]
    } elseif (-not $typed -and -not $dashes) {
        $kind = 'options'
    }

    # Lines of value, tab, description. Where there are none, PowerShell offers files.
    $kind, $rest = $kind.Replace('...', '') -split ':', 2
    $lines = @(switch ($kind) {
        'commands' { $node.Commands -replace '^(\S+) ', "`$1`t" }
        'options' {
            foreach ($option in $everywhere + $node.Options) {
                $spec, $text = $option -split ' ', 2
                $names = @(($spec -split '=', 2)[0] -split '\|')
                if ($names[0] -ceq '+' -or -not ($names | Where-Object { $used -ccontains $_ })) {
                    $names | Where-Object { $_ -cne '+' } | ForEach-Object { "$_`t$text" }
                }
            }
        }
        { $_ -in 'words', 'list' } { $rest -split ',' }
        'names' {
            # NOTE: no argument is left empty, since PowerShell before 7.3 drops such ones.
            if ("$program" -notmatch '[\\/]') { $program = 'ess' }
            $profileBefore = $env:ESS_PROFILE
            $encodingBefore = [Console]::OutputEncoding
            try {
                [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false)
                if ($account) { $env:ESS_PROFILE = $account }
                & $program __complete $rest $typed 2>$null
            } catch {
                # A completion never fails.
            } finally {
                $env:ESS_PROFILE = $profileBefore
                [Console]::OutputEncoding = $encodingBefore
            }
        }
    })
    foreach ($line in $lines) {
        $value, $text = $line -split "`t", 2
        if (-not $value.StartsWith($typed, [System.StringComparison]::Ordinal)) { continue }
        # A positional argument that begins with - can only stand behind --.
        $positional = $kind -ceq 'names' -and -not ($before -or $pending -or $dashes)
        if ($positional -and $value.StartsWith('-')) { continue }
        $whole = "$before$value"
        if ($whole -cnotmatch '^(--?)?[A-Za-z0-9/_][A-Za-z0-9/_=-]*$') {
            $language = [System.Management.Automation.Language.CodeGeneration]
            $whole = "'" + $language::EscapeSingleQuotedStringContent($whole) + "'"
        }
        if (-not $text) { $text = $value }
        [System.Management.Automation.CompletionResult]::new(
            $whole, $value, 'ParameterValue', $text)
    }
}
