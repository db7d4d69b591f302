# Generated from the package trigger_provider of cfn-trigger, which has the comments
import base64,hashlib,hmac,io,json,os,re,select,socket,ssl,sys,time,traceback,zlib
from calendar import timegm
from collections import namedtuple
from contextlib import suppress
from functools import lru_cache
from itertools import chain,islice,repeat
from urllib.parse import quote,unquote,urlencode,urlsplit
F,G,H,I,J,K,L,M,N,O,P,Q,S,T,U,V,W,X,Y,Z,AA,AB,AC,AD,AE,AF,AG,AH,AI,AJ,AK,AL,AM,AN,AO,AP,AQ,AR,AS,AT,AU,AV,AW,AX,AY,AZ,BA,BB,BC,BD,BE,BF,BG,BH,BI,BJ,BK,BL,BM,BN,BO,BP,BQ,BR,BS,BT,BU,BV,BW,BX,BY,BZ,CA,CB,CC,CD,CE,CF,CG,CH,CI,CJ,='done,Result,Delete,Progress,Reason,refused,Error,PhysicalResourceId,StackId,failed,LogicalResourceId,POST,hand over,/,ERROR,ROLLBACK,Status,lambda,replace,respond,sent,EventState,Truncated,Undo,Update,WARN,answered,pending,skipped,BadResult,Create,Data,Expect,FAILED,NoEcho,Payload,RequestId,RequestResponse,RequestType,RunId,X-Amz-Invocation-Type,Answer,Old,Previous,ResourceProperties,ResponseURL,RetryAfter,State,errorType,hops,invocations,none,outcome,passed,timed out,wait,Action,Attribute,COMPLETE,Content-Type,Continue,DryRun,ErrorMessage,ErrorType,Event,ExecuteOnHandlerChange,ExecutionId,LastUpdateStatus,OldResourceProperties,OnFailure,SUCCESS,Timeout,Value,cloudformation,cut off,errorMessage,false,message,rolling_back,stack status unknown,status,trigger'.split(',')
A,B,C,D,E=False,None,True,ValueError,isinstance
def R(r,**f):return r._replace(**f)
sys.set_int_max_str_digits(99_999)
JSON=json.JSONEncoder(ensure_ascii=A)
STRICT=json.JSONEncoder(ensure_ascii=A,allow_nan=A)
as_json=JSON.encode
def as_map(i):return i if E(i,dict)else{}
def map_of(t):
 with suppress(D,RecursionError):return as_map(json.loads(t))
 return{}
def as_text(i):return i if E(i,str)else as_json(i)
def encoded(i):
 try:t=STRICT.encode(i)
 except D:t=as_json(json.loads(as_json(i),parse_constant=str))
 return t.encode(errors=Y)
def size(i):return len(encoded(i))
def beginning(i,m):
 if E(i,str):return i
 t=''
 with suppress(RecursionError):
  for c in JSON.iterencode(i):
   t+=c
   if len(t)>m:return t
  return t
 return t.ljust(m+1)
def fitting(i,o):t=beginning(i,o);return t if len(t)<=o and size(t)-2<=o else B
def truncate(t,o):
 if fitting(t,o)is not B:return t
 o-=3
 if o<0:return''
 t=t[:o]
 while(e:=size(t)-2-o)>0:t=t[:-1-(e-1)//6]
 return t+'…'
def truncate_start(t,o):return truncate(t[::-1],o)[::-1]
ABSENT=type('Absent',(),{})()
Request=namedtuple('Request','event kind name old_id payload old_payload expect unchanged handler_arn part_of timeout service_timeout invocation_type execute_on_handler_change execute_on_rollback execute_on_delete enabled max_attempts interval backoff_rate max_interval poll_interval on_failure no_echo attributes durable undone_by run',defaults=[ABSENT,ABSENT,ABSENT,A,'','',900,3600,AR,C,A,A,C,1,5,2,60,10,'Fail',A,(),A,'',B])
Outcome=namedtuple('Outcome','kind error message frames log result is_unexpected physical_id no_echo is_final is_crowded runs_until execution',defaults=['','',(),'',ABSENT,A,'',A,A,A,0,''])
def failed(error,message,**more):return Outcome(O,error,message,**more)
Progress=namedtuple(I,'began sent rolling_back has_failed status questions ask_at is_reached ready log_group function_timeout failures refusals refused_since resume_at longest polls state cancelled outcome hops fresh physical_id no_echo identity is_durable',defaults=[0,B,B,'',0,0,A,A,'',0,0,0,0,0,0,0,B,'',Outcome(BF),0,C,'',A,{},A])
def bare_request(v):
 p=v.get(AY,{});k,n=v[AS],v[P];e,f=str(p.get(AO)),p.get(BX,'Fail');o=v.get(M,'')
 r=Request(v,k,n,o,no_echo=is_true(e),on_failure=f)
 with suppress(D,KeyError):r=R(r,service_timeout=float(p['ServiceTimeout']))
 return r
def parse_request(v):
 p,o=v[AY],v.get(BW,{})
 if AD in p and o:p,o=o,p
 r=R(bare_request(v),**settings_of(p),payload=assembled(p.get(AP)),expect=assembled(p.get(AM)),run=run_of(v,p,o)if AD in p else B)
 with suppress(Exception):r=R(r,old_payload=assembled(o.get(AP)))
 return R(r,unchanged=is_unchanged(r,p,o))
def run_of(v,p,o):
 u=assembled(p[AD]);i=u[AT];n=AD not in o or i>assembled(o[AD])[AT];u[AT]=i[11:]
 if u.get(G):u[G]=json.loads(u[G])
 return u if n and u[AT]and v[AS]!=AK else{}
def execution_id(v,p):
 a=v[AQ],v[N],v[P];t='\n'.join([*a,str(signed_at(v[AZ]))]);i=hashlib.sha256(t.encode()).hexdigest()
 return str(p.identity.get(BU,i[:32]))
def is_true(t):return t=='true'
SETTINGS={str:'HandlerArn InvocationType OnFailure PartOf UndoneBy',float:'Timeout PollInterval MaxAttempts Interval BackoffRate MaxInterval',is_true:'ExecuteOnHandlerChange ExecuteOnRollback ExecuteOnDelete Enabled NoEcho Durable',tuple:'Attributes'}
def settings_of(p):f=p|p.get('Retry',{});return{re.sub('(?<!^)(?=[A-Z])','_',n).lower():e(f[n])for e,s in SETTINGS.items()for n in s.split()if f.get(n)is not B}
def is_unchanged(r,p,o):
 if r.attributes or never_created(r):return A
 if BO in{r.on_failure,o.get(BX)}:return A
 if r.execute_on_handler_change and p==o:return A
 w=o.get('Enabled')!=CE;u=RERUNS if r.execute_on_handler_change else RERUNS[1:];i=all(p.get(c)==o.get(c)for c in u);return w and i and not has_cause(p,o)
RERUNS=('HandlerArn',AP,'InvocationType',AM,AX)
SWITCHED_OFF=r'Deployment$|Re(sources|ferences)\.'
def has_cause(p,o):
 e,l=entries_of(p),entries_of(o)
 if any(l.get(n)!=e[n]for n in e):return C
 if p.get(BT)!=o.get(BT):return A
 return any(not re.match(SWITCHED_OFF,n)for n in l.keys()-e)
def entries_of(p):e=dict(p.get('Fingerprint')or{});r=e.pop('References',{});return e|{f'References.{n}':v for n,v in r.items()}
def parse_progress(v,r,w):
 if t:=v.get(I):
  k={n:t[n]for n in Progress._fields if n in t};o=Outcome(*t[BG][:len(Outcome._fields)]);h=t.get(BD,0)-(o.is_crowded and w-t['resume_at']>=4)
  k|={BG:o,BD:h,AA:sent_at(v,w)};return Progress(**k)
 e=sent_at(v,w);return Progress(max(e,w+min(r.timeout,30)-r.timeout),e)
def sent_at(v,w):d=signed_at(v[AZ]);return v.get(I,{}).get(AA,w)if d is B else d
@lru_cache
def signed_at(u):
 d=re.search(r'[?&]X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\b',u)
 with suppress(D):
  if d:return timegm(tuple(map(int,d.groups())))
 return
def handed_over(v,p):t=R(p,outcome=R(p.outcome,result=B),hops=p.hops+1,fresh=C);return v|{I:t._asdict()}
def assembled(a):
 if a is B:return ABSENT
 w=[json.loads(a['Skeleton'])]
 for h in reversed(a.get('Values',[])):
  p=w;l=0
  for k in h['Path']:p=p[l];l=int(k)if E(p,list)else k
  if CA in h:p[l]=h[CA]
  else:del p[l]
 return w[0]if w else ABSENT
PART='part of '
def marker(r):return r.name+'-create-failed'
def never_created(r):t=r.event[N].split(T)[1];m=re.escape(f'{t}-{r.name}-')+r'(?=.*[A-Z])\w{8,}';return r.old_id==marker(r)or bool(re.fullmatch(m,r.old_id))
UNFINISHED='ABORT|ERROR|FAIL|PENDING|PROGRESS|RUNNING|TIMED?OUT'
RUNTIME=(r'node:|\(<anonymous>\)|<frozen |/var/runtime/\w+\.m?js|^runtime/|aws-lambda-go|java\.base/|' r'jdk\.|sun\.reflect|lambda\.runtime\.|lambda_method|Lambda\.RuntimeSupport')
LIBRARY=r'(site|dist)-packages|node_modules|/gems/|/opt/|/var/(runtime|lang)/|trigger_handler|@v\d'
def judge(r,e):
 w=as_map(e);p=valid_id(given_id(e));i=p==marker(r)or(p==r.old_id!=''and never_created(r))
 return R(meaning(r,e,w),physical_id=''if i else p,no_echo=is_true(str(w.get(AO)).lower()))
def meaning(r,e,w):
 match spelled(w.get(W)):
  case'INPROGRESS':return pending(w)
  case'FAILED'|'FAILURE':c=truncate(as_text(w.get(J)or'no Reason was given'),4000);return failed('Failed',c)
 s=w.get('IsComplete',C)or A
 if str(s).lower()==CE:i='return IN_PROGRESS to be polled';return failed(AJ,f'IsComplete is false; {i}')
 l=''if r.expect is ABSENT else difference(r.expect,e,'result')
 if l:return failed(AM,l,is_unexpected=C)
 return Outcome(F,result=e)
def pending(e):
 f=e.get(BA)
 if f is not B and not re.fullmatch(r'\d{1,9}(\.\d*)?',str(f)):return failed(AJ,'RetryAfter is not a number of seconds')
 m=as_text(e.get(I)or e.get(J)or'');return Outcome(AH,message=truncate(m,4000),result=e)
def warning(r,e):
 w=as_map(e)
 if e is B and r.execute_on_delete:return'the handler returned nothing: does it return what its library returns?'
 c,s=w.get('statusCode'),w.get(W)or w.get(CI)
 if re.search(UNFINISHED,spelled(s))or(E(c,int)and c>=400):return'it counts as done: only the Status FAILED, FAILURE or IN_PROGRESS has a meaning'
 return''
def spelled(s):return re.sub(r'[\W_]','',s).upper()if E(s,str)else''
def given_id(e):w=as_map(e);d=as_map(w.get(AL));t=w.get(M);return d.get(M)if t is B else t
def valid_id(p):e=len(p.encode(errors=Y))if E(p,str)else 0;f=0<e<=1024 and size(p)-2<=2*1024;return p if f else''
def difference(e,a,p):
 if E(e,dict)and E(a,dict):d=(difference(i,a.get(k,ABSENT),f'{p}.{k}')for k,i in e.items());return next(filter(B,d),'')
 if equal(e,a):return''
 g='absent'if a is ABSENT else quoted(a);return f'{p} is {g}, expected {quoted(e)}'
def quoted(i):return truncate(beginning(i,300),300)
def equal(t,r):
 if type(t)is type(r)is list:return len(t)==len(r)and all(map(equal,t,r))
 if type(t)is type(r)is dict:return t.keys()==r.keys()and all(equal(t[k],r[k])for k in t)
 return bool(t==r)and E(t,bool)==E(r,bool)
def function_error(y,l=''):
 a=map_of(y)
 if y and not a:a={CD:y.decode(errors=Y)}
 return reported(a,l)
def reported(a,l=''):
 m,r=message_of(a),lines_of(trace_of(a));k=as_text(a.get(BR)or a.get(BC)or L)
 if not re.fullmatch(r'\S{1,200}',k):k,m=L,f'{k}: {m}'
 n=re.findall('(?m)^(?:--->|Caused by:) (.*)','\n'.join(r));b=[*causes_of(a),*n];e=[truncate(m,4000//(2 if b else 1))];e+=[f'caused by {truncate(c,300)}'for c in b[-3:]]
 f=innermost_frames(r,f'{k}: {m}'.splitlines()+m.splitlines());t=truncate_start(l,4000);return failed(k,'; '.join(e),frames=f,log=t)
def message_of(a):y=(CD,BQ,'Message',CF);s=[a[k]for k in y if a.get(k)is not B];return as_text(max(s,key=bool))if s else'no message'
def trace_of(a):s=('stackTrace','StackTrace','trace','stack');return next(filter(B,map(a.get,s)),B)
def causes_of(a):
 u,i=a.get('causes'),a.get('cause')or a.get('innerException')
 for c in u if E(u,list)else[i]:
  if E(c,dict):k,m=c.get(BC)or L,message_of(c);f=innermost_frames(lines_of(trace_of(c)),m.splitlines());yield' at '.join([f'{k}: {m}',*f[:1]]);yield from causes_of(c)
def lines_of(r):
 t=r.splitlines()if E(r,str)else r;c=[]
 for i in t if E(t,list)else():g=as_map(i);l=f"{g.get('path')}:{g.get('line')} {g.get('label')}"if g else str(i);c.append(re.sub(r'(^| )[~^]+(?= |$)','',' '.join(l.split())))
 return c
def innermost_frames(c,m):
 f=[l[3:]for l in c if l.startswith('at ')]
 if not f:e={' '.join(l.split())for l in m};f=[l for l in c if l and l not in e];p=re.findall(r'(?ms)^File ".*?(?=\nFile "|\Z)','\n'.join(f));f=p[::-1]or f
 f=[r for r in f if not re.search(RUNTIME,r)]or f;s=f[:3]
 if o:=[r for r in f if not re.search(LIBRARY,r)]:s=s if o[0]in s else[*s[:-1],o[0]]
 return tuple(truncate(r,300)for r in s)
QUESTION_PAUSES=(2,10,30,60)
PROPAGATING='((EC2|KMS)?AccessDenied|(EFS|S3Files)Mount(Connectivity|Timeout))(Exception)?'
THROTTLED='TooManyRequestsException|Throttling(Exception)?'
UNREACHABLE='Unreachable'
UNSEEN='ConfigurationUnavailable'
Clock=namedtuple('Clock','now left')
Action=namedtuple(BK,'step seconds outcome',defaults=[0,Outcome(BF)])
def decide(r,p,c):
 if s:=wait_for_stop(r,p,c):return s
 if y:=reason_to_skip(r,p):return Action(Z,outcome=Outcome(AI,message=y))
 if must_ask(r,p):return question(r,p,c)
 if e:=final_outcome(r,p,c):return Action(Z,outcome=e)
 a=min(p.resume_at,passing_at(r,p));t=(wait_until(a,r,p,c)or wait_for_room(r,p,c)or start(r,p,c));d=handover_margin(r)if t.step==S else 0
 if max(c.now+d,a)>=due(r,p):return Action(Z,outcome=too_late(r,p.outcome))
 return t
def start(r,p,c):
 if p.outcome.execution:return Action('poll',brief(c))
 i=p.ready or is_unseen_for_long(r,p,c);return Action('invoke'if i else'look',room(r,p,c))
def wait_for_stop(r,p,c):
 i=r.kind==H and r.durable
 if i and never_created(r)and r.old_id!=marker(r):return wait_until(p.sent+60-10,r,p,c)
 return
def reason_to_skip(r,p):
 match r.kind:
  case _ if not r.enabled:return'Enabled is false'
  case _ if r.run is not B:i=r.run and p.rolling_back is not A;return''if i else'nothing to undo'
  case'Update'if p.rolling_back and not r.execute_on_rollback:return'the stack is rolling back'
  case'Update'if r.unchanged and p.has_failed is A:o=not r.execute_on_handler_change;return'ExecuteOnHandlerChange is false'if o else'only settings changed'
  case'Delete'if not r.execute_on_delete or r.old_id.startswith(PART):return'ExecuteOnDelete is false'
  case'Delete'if r.old_id==marker(r):return'it was never created'
 return''
def must_ask(r,p):return p.rolling_back is B and(r.kind==AE or bool(r.run))
def question(r,p,c):
 l=latest_answer(r,p)
 if c.now>=l:return Action(Z,outcome=UNKNOWN_STATUS)
 q=l-1;k=min(p.ask_at,l if c.now>=q else q)
 if d:=wait_until(k,r,p,c):return d
 return Action('ask',brief(c))
UNKNOWN_STATUS=Outcome(AI,'StatusUnknown','it is unknown whether the stack is rolling back')
def is_not_there(r,p,c):t=min(r.timeout,r.service_timeout);n=min(300,r.service_timeout-10-t/2);s=p.questions>1 and not p.is_reached;return s and c.now-p.sent>=n
def final_outcome(r,p,c):
 o=p.outcome;i=o.is_final or p.failures>=r.max_attempts
 if o.kind in{F,AI}or(o.kind==O and i):return o
 if is_denied(o)and c.now-p.refused_since>=60:return R(o,kind=O)
 if not p.cancelled:return Outcome(BH)if passes_on(r,p,c)else B
 if o.kind==O:return o
 return failed('Cancelled',f'the stack is {p.cancelled}')
def is_denied(o):t=f'{PROPAGATING}|.*(Invalid|NotFound).*';return o.kind==K and bool(re.fullmatch(t,o.error))
def is_unseen_for_long(r,p,c):n=min(60,r.timeout/3);return p.outcome.error==UNSEEN and c.now-p.refused_since>=n
def passes_on(r,p,c):t=passing_at(r,p);return c.now>=(t if c.now<p.resume_at else t-needed(p))
def passing_at(r,p):i=r.part_of and r.kind!=H and not p.rolling_back;return latest_answer(r,p)-90 if i else float('inf')
def latest_answer(r,p):return p.sent+r.service_timeout-10
def due(r,p):return min(p.began+r.timeout,latest_answer(r,p))
def too_late(r,o):l=o.message.rstrip(' .')or'not done';m=f'{l}; Timeout is {r.timeout:g} s';return R(o,kind=O,error=o.error or BZ,message=m)
def room(r,p,c):return max(1,min(c.left-10,due(r,p)-c.now))
def brief(c):return max(1,min(10,c.left-10))
def wait_until(t,r,p,c):
 a,h=t-c.now,c.left-60
 if a<=0:return
 i=due(r,p)-c.now<=c.left-10
 if i or(p.fresh and c.left<=2*60):h=c.left-10
 if a<=min(10,c.left-2*10):return Action(BJ,a)
 if h>=1 or p.fresh:return Action(BJ,min(a,max(h,1)))
 return Action(S)
def wait_for_room(r,p,c):
 l=due(r,p)-c.now
 if p.fresh:return
 if(gives_way(p)and l>handover_margin(r)and c.left<=900):return Action(S)
 if c.left>=min(needed(p),l):return
 if c.left<60 or may_hop(p,c):return Action(S)
 h=p.sent+840*(p.hops-1)+1;h=min(h,passing_at(r,p))
 if p.outcome.kind==AH or due(r,p)-h<=c.left:i=c.left<1.5*p.longest<840;return Action(S)if i else B
 return wait_until(h,r,p,c)
def needed(p):
 if p.outcome.execution:return 60
 n=1.5*p.longest
 if p.outcome.kind==K:n=p.longest+10
 t=p.function_timeout+2*10
 if p.outcome.kind==AH:t=min(t,840/2)
 return max(60,min(max(n,t),870))
def may_hop(p,c):return p.hops-1<(c.now-p.sent)/840
def handover_margin(r):return min(60,r.timeout/2)
def gives_way(p):i=p.outcome.is_crowded and p.refusals%2==0;return i and p.hops<=1+p.polls
def learn(r,p,o,c):
 a=0
 k=R(p,outcome=R(o,runs_until=o.runs_until or p.outcome.runs_until),fresh=A,refusals=0,refused_since=0,physical_id=o.physical_id or p.physical_id,no_echo=o.no_echo or p.no_echo)
 match o.kind:
  case'refused':
   a=min(2**min(p.refusals,4),10);l=not p.ready and re.fullmatch(THROTTLED,o.error)
   if o.is_crowded or l:a=min(a*(0.5+lot(r,p)),10)
   i=o.error==p.outcome.error;n=p.refused_since if i else c.now;k=R(k,refusals=p.refusals+1,refused_since=n);s=is_denied(o)or re.fullmatch(THROTTLED,o.error)
   if not s and o.error!=UNREACHABLE:k=R(k,ready=A)
  case'failed':g=r.backoff_rate**min(p.failures,60);a=min(r.interval*g,r.max_interval);k=R(k,failures=p.failures+1)
  case'pending':f=o.result.get(BA);a=max(1,r.poll_interval if f is B else float(f));t=o.result.get(AB);k=R(k,state=t,polls=p.polls+1)
 return R(k,resume_at=max(c.now+a,o.runs_until))
def lot(r,p):t=f'{p.refusals} {p.questions}';n=f"{r.event.get(AQ)} {r.name} {t}";return hashlib.sha256(n.encode(errors=Y)).digest()[0]/256
OWN=(G,AC,L)
OWN_LOG=os.environ.get('AWS_LAMBDA_LOG_GROUP_NAME',"the trigger provider's")
NOISE=r'(?m)^(((INIT_|RESTORE_)?START|END|REPORT|XRAY) .*|{"time":.*"platform\..*|[\s^~]+)$'
def answer(r,p,o):
 e=ABSENT
 if o.kind==F and r.kind!=H:e=o.result;o=unusable(r,e)or o
 if o.kind!=O:
  b,l=success(r,p,o.message or F,e)
  if not l:return b,''
  m=f'the template reads {l!r}, which does not fit into 4,096 bytes';o=failed(BL,m)
 b=failure(r,p);c=explain(r,p,o,4095-size(b))
 if is_forgiven(r,p):b,g=success(r,p,c,error=c);return b,c
 return b|{J:truncate(c,4095-size(b))},c
def is_forgiven(r,p):i=r.kind==H or bool(p.rolling_back);return i or r.on_failure==BO
def unusable(r,e):
 a=given_id(e)
 if a is not B and not valid_id(a):m='it is not a string of 1 to 1,024 bytes';return failed(M,m)
 for n in r.attributes:
  if n not in OWN and attribute(e,n)is ABSENT:
   from difflib import get_close_matches;s=(k for k,g in attributes(e));b=''.join(get_close_matches(n,islice(s,1000),1));i=f'; did you mean {b!r}?'if b else''
   m=f'the template reads {n!r}, which the result lacks{i}';return failed(BL,m)
 return
def failure(r,p):
 k=r.kind==H or(r.part_of and r.old_id);i=''if k else p.physical_id;l,n=p.outcome,marker(r);h=l.kind==F or l.error in{AM,AJ}
 if r.execute_on_delete and(p.polls or l.runs_until or h):n=physical_id(r,p)
 return echo(r,AN,i or r.old_id or n)
def success(r,p,c,e=ABSENT,error=''):
 b=echo(r,BY,physical_id(r,p))
 if r.kind==H:return b|{J:truncate(c,900)},''
 d=dict.fromkeys(OWN,'')
 if r.undone_by:i=''if e is ABSENT else execution_id(r.event,p);d['TriggerRunId']=''if p.rolling_back else f'{p.began:.0f} {i}'
 b|={AO:r.no_echo or p.no_echo,AL:d};o=4095-20-size(b)
 for n in r.attributes:
  f=size(n)+6
  if n not in d and f<=o:d[n]='';o-=f
 o+=20;d[L]=truncate(error,min(900,(o-20)//2));o-=size(d[L])-2;b[J]=truncate(c,min(900,o));o-=size(b[J])-2
 if e is ABSENT:return b,''
 for n in dict.fromkeys(r.attributes):
  if n in(AC,L):continue
  t=fitting(attribute(e,n),o)
  if n not in d or t is B:return b,n
  o-=size(t)-2;d[n]=t
 add_others(d,e,o);return b,''
def echo(r,s,p):b={k:r.event[k]for k in(N,AQ,P)};return b|{W:s,M:p,J:''}
def physical_id(r,p):
 if r.kind==H or r.run:return r.old_id
 n=r.part_of or r.name;i=hashlib.sha256((r.event[N]+n).encode()).hexdigest();o=''if never_created(r)else r.old_id.removeprefix(PART)
 return p.physical_id or o or f'{n}-{i[:12]}'
def attribute(e,n):
 if n==G:return as_json(e)if E(e,str)else beginning(e,4095)
 i=part(data_of(e),n);return part(e,n)if i is ABSENT else i
def data_of(e):return as_map(e).get(AL)
def part(i,p):
 v=step(i,p)
 for d in re.finditer(r'\.',p):
  if v is not ABSENT:break
  if(c:=step(i,p[:d.start()]))is not ABSENT:v=part(c,p[d.end():])
 return v
def step(i,key):
 if E(i,list)and re.fullmatch('0|[1-9][0-9]{0,7}',key)and int(key)<len(i):return i[int(key)]
 return as_map(i).get(key,ABSENT)
def attributes(e):d=data_of(e);h=(a for a in parts(e)if d is B or part(d,a[0])is ABSENT);return(a for a in chain(parts(d),h)if a[0]not in OWN)
def parts(i):
 e=[children(i,'')]
 while e:
  for p,c in e[-1]:
   yield p,c
   if E(c,dict|list)and len(p)<512:e.append(children(c,f'{p}.'));break
  else:e.pop()
def children(i,p):t=enumerate(i)if E(i,list)else as_map(i).items();return((f'{p}{k}',c)for k,c in t)
def add_others(d,e,o):
 l=[];p,c=o-150,0;w=[]if d[G]else[(G,attribute(e,G))];h=(a for b in(A,C)for a in islice(attributes(e),50_000)if E(a[1],dict|list)==b)
 for n,i in chain(w,h):
  if n in d and n!=G:continue
  f=0 if n==G else size(n)+6;r=f<=p and not(c and E(i,dict|list))
  if r and(t:=fitting(i,p-f))is not B:d[n]=t;p-=f+size(t)-2
  else:c+=1;l+=[n]if c<=9 else[]
 if c:v='over 'if any(C for g in islice(attributes(e),50_000,B))else'';s=f"{v}{c} left out: {', '.join(l)}";d[AC]=truncate(s,min(150,p+150))
def explain(r,p,a,o):
 w=f'full log: {log_group(r,p)}'
 if r.no_echo or p.no_echo:return f'{a.error}; {w}'
 h=': '.join(filter(B,[a.error,a.message.strip()])).rstrip(' .');c=[truncate(h,min(1500,o//2))]
 if f:=re.sub('(file://)?/var/task/','','; at '.join(a.frames)):c+=['at '+truncate(f,min(600,o//4))]
 e=p.failures+(p.outcome.kind==F)
 if e and r.max_attempts>1:c+=[f'attempt {e} of {r.max_attempts:g}']
 if t:=' / '.join(filter(B,re.sub(NOISE,'',a.log).splitlines())):o-=size('; '.join([*c,'last log lines: ',w]));t=truncate_start(t,o if r.kind==AK else min(900,o));c+=[f'last log lines: {t}']if t else[]
 return' '.join('; '.join([*c,w]).split())
def log_group(r,p):
 n=r.handler_arn.split(':function:')[-1].split(':')[0];g=p.log_group or(f'/aws/lambda/{n}'if n else OWN_LOG);t=r.event[N].split(T)[1]
 o=f'(?!/aws/lambda/)(.*/)?{re.escape(t)}-[^/]+-[A-Za-z0-9]{{8,}}'
 if r.kind==AK and re.fullmatch(o,g):return f'{g}, which a rollback deletes (--disable-rollback keeps it)'
 return g
NOT_SENT=0
LOST=1
Effects=namedtuple('Effects','clock sleep call put log')
Response=namedtuple('Response','kind status headers body')
def response_of(r):
 s,h,y=r
 if s==NOT_SENT:return Response('not sent',*r)
 if s!=LOST:return Response(AG,s,{n.lower():h[n]for n in h},y)
 i=b'timed out'in y and b'Errno'not in y;return Response(BI if i else CC,*r)
def text_of(e):return e.body.decode(errors=Y)
IDLE={}
TCP_OPTIONS={'TCP_NODELAY':1,'TCP_KEEPIDLE':60,'TCP_KEEPINTVL':30,'TCP_KEEPCNT':5}
def trust(n):
 b=n.get('AWS_CA_BUNDLE')or n.get('REQUESTS_CA_BUNDLE')
 with suppress(OSError):return ssl.create_default_context(cafile=b or B)
 return ssl.create_default_context()
TRUST=trust(os.environ)
def exchange(m,u,b,h,c):
 d=time.monotonic()+c
 if o:=idle_connection(m,urlsplit(u).netloc):
  r=send_on(o,m,u,b,h,d)
  if m==Q or r[0]!=LOST:return r
 try:o=connected(u,d)
 except(OSError,D) as a:return NOT_SENT,{},reason_of(a)
 return send_on(o,m,u,b,h,d)
def time_left(d):
 c=d-time.monotonic()
 if c<=0:raise TimeoutError(BI)
 return c
def idle_connection(m,s):
 if s not in IDLE:return
 o,n=IDLE.pop(s);i=0<=time.time()-n<(1 if m==Q else 4);h=select.select([o],[],[],0)[0]
 if i and not h:return o
 o.close();return
def connected(u,d):
 a=urlsplit(u);s,i=a.hostname or'',a.scheme=='https';r=a.port or(443 if i else 80);o=reached(s,r,min(d,time.monotonic()+5));o.setsockopt(socket.SOL_SOCKET,socket.SO_KEEPALIVE,1)
 for p,n in TCP_OPTIONS.items():
  if hasattr(socket,p):o.setsockopt(socket.IPPROTO_TCP,getattr(socket,p),n)
 return TRUST.wrap_socket(o,server_hostname=s)if i else o
def reached(s,r,d):
 c=OSError('no address')
 for *g,(p,*g)in socket.getaddrinfo(s,r,type=socket.SOCK_STREAM):
  try:return socket.create_connection((str(p),r),time_left(d))
  except OSError as a:c=a
 raise c
def send_on(o,m,u,b,h,d):
 s=urlsplit(u).netloc;c=[f"{m} {u.split(s,1)[1] or T} HTTP/1.1"];f={'Host':s,'Content-Length':len(b)}|h;c+=[f'{n}: {v}'for n,v in f.items()]
 try:o.settimeout(max(1,d-time.monotonic()));o.sendall('\r\n'.join([*c,'\r\n']).encode()+b);r,t=read_reply(io.BufferedReader(Bounded(o,d)))
 except(OSError,D) as a:o.close();return LOST,{},reason_of(a)
 if t:IDLE[s]=o,time.time()
 else:o.close()
 return r
def reason_of(a):return f'{type(a).__name__} {a}'.encode()
class Bounded(io.RawIOBase):
 def __init__(self,connection,deadline):self.connection,self.deadline=connection,deadline
 def readable(self):return C
 def readinto(self,buffer):self.connection.settimeout(time_left(self.deadline));return self.connection.recv_into(buffer)
def read_reply(r):
 s=0
 while s<200:
  l=read_line(r)
  if not re.match(r'HTTP/1\.\d \d{3}',l):raise D(f'not HTTP: {l[:99]}')
  s,h=int(l[9:12]),{}
  while f:=read_line(r):n,g,v=f.partition(':');h[n.lower()]=v.strip()
 t=l[7]=='1'and h.get('connection','').lower()!='close'
 match h:
  case _ if s in{204,304}:b=b''
  case{'transfer-encoding':_}:b=b''.join(read_chunks(r))
  case{'content-length':e}:b=read_bytes(r,int(e))
  case _:b,t=r.read(),A
 return(s,h,b),t
def read_line(r):l=r.readline();return require_complete(l,l.endswith(b'\n')).decode('latin-1').strip()
def read_bytes(r,c):p=r.read(c);return require_complete(p,len(p)==c)
def require_complete(p,s):
 if not s:raise ConnectionError('the reply is incomplete')
 return p
def read_chunks(r):
 while c:=int(read_line(r).split(';')[0],16):yield read_bytes(r,c);read_line(r)
 while read_line(r):pass
REGION=os.environ.get('AWS_REGION','us-east-1')
def signed_call(e,m,p,b,h,seconds):
 r,a=region_and_url(e,p);u,d=a+p,time.strftime('%Y%m%dT%H%M%SZ',time.gmtime());s=('ACCESS_KEY_ID','SECRET_ACCESS_KEY','SESSION_TOKEN');y=[os.environ.get(f'AWS_{n}','')for n in s]
 h=signed(e,m,u,b,h,d,y,r);return exchange(m,u,b,h,seconds)
@lru_cache
def region_and_url(e,p):r=region_of(p);return r,endpoint(e,r)
def region_of(p,o=REGION):
 match unquote(p).partition('/arn:')[2].split(':'):
  case[_,_,r,_,*_]if r:return r
 return o
DUAL_STACK={'cn-':'amazonwebservices.com.cn','eusc-':'amazonwebservices.eu','us-iso-':'aws.ic.gov','us-isob-':'aws.scloud','eu-isoe-':'cloud-aws.adc-e.uk','us-isof-':'aws.hci.ic.gov','':'aws'}
def endpoint(e,r=REGION,n=os.environ):
 a=(f'AWS_ENDPOINT_URL_{e.upper()}','AWS_ENDPOINT_URL');c=next(filter(B,map(n.get,a)),'');l=('IGNORE_CONFIGURED_ENDPOINT_URLS','USE_FIPS_ENDPOINT','USE_DUALSTACK_ENDPOINT')
 g,s,i=(n.get(f'AWS_{f}','').lower()=='true'for f in l)
 if c and not g:return c.rstrip(T)
 u=next(DUAL_STACK[p]for p in DUAL_STACK if r.startswith(p));d=f'api.{u}'if i else n.get('URL_SUFFIX','amazonaws.com')
 if s and(i or e!=CB or not r.startswith('us-gov-')):e+='-fips'
 return f'https://{e}.{r}.{d}'
def signed(e,m,u,b,h,d,y,r=REGION):
 a=urlsplit(u);h=h|{'Host':a.netloc,'X-Amz-Date':d};q,v,j=y
 if j:h['X-Amz-Security-Token']=j
 s=sorted(h,key=str.lower);c=''.join(f'{n.lower()}:{h[n]}\n'for n in s);g=';'.join(s).lower();w=a.path.replace('%','%25')
 l=f'{m}\n{w}\n\n{c}\n{g}\n{hashlib.sha256(b).hexdigest()}';o=f'{d[:8]}/{r}/{e}/aws4_request';i=hashlib.sha256(l.encode()).hexdigest();k=f'AWS4{v}'.encode()
 for p in(*o.split(T),f'AWS4-HMAC-SHA256\n{d}\n{o}\n{i}'):k=hmac.digest(k,p.encode(),'sha256')
 f=f'AWS4-HMAC-SHA256 Credential={q}/{o}';t=f'{f}, SignedHeaders={g}, Signature={k.hex()}';return h|{'Authorization':t}
PASSES=(r'(CodeArtifactUserDeleted|\w+(Conflict|NotReady|Pending|Throttled))Exception|' f'{PROPAGATING}|{THROTTLED}')
CROWDED='ConcurrentInvocationLimitExceeded'
PAUSES=(1,2,4,8,16,30)
def growing(p):return chain(p,repeat(p[-1]))
def path(f,h):return f"/2015-03-31/functions/{quote(f,safe='')}/{h}"
def look(r,f):
 w=path(r.handler_arn,'configuration');e=response_of(f.call(X,'GET',w,b'',{},10))
 if u:=passing(e):return R(u,error=UNSEEN)if e.status==403 else u
 if e.status>=300:return Outcome(F,result={})
 if k:=map_of(e.body):return readiness(r,k)
 return Outcome(K,UNSEEN,"the handler's configuration is not JSON")
def readiness(r,k):
 for n in(BB,BV)[:1 if r.kind==H else 2]:
  s=k.get(n)or''
  if re.match('Failed|De',s):
   y=k.get(f'{n}Reason')or f"the function's {n} is {s}"
   if n!=BB:y=f"{y.rstrip('.')}; the handler still has its previous code"
   return failed(k.get(f'{n}ReasonCode')or s,y,is_final=C)
 if k.get(BB)=='Pending'or k.get(BV)=='InProgress':return Outcome(K,'NotReady','the handler is being created or updated')
 return Outcome(F,result=k)
def invoke(r,p,f,c):
 if p.is_durable or(r.durable and not p.ready):return begin(r,p,f,c)
 y,x=invocation(r,p);h={AU:r.invocation_type};u=0
 if r.invocation_type==AR:
  n=p.function_timeout or 900;u=f.clock().now+n+10;h['X-Amz-Log-Type']='Tail'
  if x:h['X-Amz-Client-Context']=x
  if len(x)>3583:i='keep it shorter, or make the Payload an object, which can hold it';return failed('ClientContext',f'no room for EventState; {i}')
 w=path(r.handler_arn,BE);e=response_of(f.call(X,Q,w,y,h,c))
 match e.kind:
  case'answered':o=invoked(r,e);a=o.kind==O and e.status>=500;return R(o,runs_until=u)if a else o
  case'not sent':return Outcome(K,UNREACHABLE,text_of(e))
  case'cut off':m=f'{text_of(e)}; the handler may have run';return failed('ConnectionLost',m,runs_until=u)
  case'timed out':
   i='return IN_PROGRESS earlier to be polled'
   if f.clock().now+1>=due(r,p):i=f'Timeout is {r.timeout:g} s'
   m=f'no answer in {c:.0f} s; {i}';return failed('HandlerTooSlow',m,runs_until=u)
def begin(r,p,f,c):
 n=execution_id(r.event,p);h={AU:BS,'X-Amz-Durable-Execution-Name':f'{n}-{p.failures+p.polls+1}'}
 if r.invocation_type==BP:h={AU:BP}
 a=r.handler_arn;w=path(a if a.count(':')%2 else f'{a}:$LATEST',BE);y,g=invocation(r,p);c=min(c,10);e=response_of(f.call(X,Q,w,y,h,c))
 if u:=passing(e):return u
 if e.status>=300 or r.invocation_type!=AR:return invoked(r,e)
 if x:=e.headers.get('x-amz-durable-execution-arn'):return goes_on(r,p,x)
 return failed('NotDurable','Lambda started no durable execution',is_final=C)
def goes_on(r,p,x,m=''):f=min(r.poll_interval,2**min(p.polls,4),10);e={BA:f,AB:p.state};return Outcome(AH,message=m,result=e,execution=x)
def poll(r,p,f,c):
 x=p.outcome.execution;w=path_of_execution(x);e=response_of(f.call(X,'GET',w,b'',{},c))
 if e.status!=200:u=passing(e)or refusal(e);return R(u,kind=K,execution=x)
 k=map_of(e.body);s=k.get(W);m=f'the durable execution is {s}'
 match s:
  case'SUCCEEDED':return result_of(r,(k.get(G)or'null').encode())
  case'FAILED'|'TIMED_OUT'|'STOPPED':a={BC:s,CF:m};return reported(a|as_map(k.get(L)))
 return goes_on(r,p,x,''if s=='RUNNING'else m)
def stop(x,y,f):
 b=encoded({BR:y.error,BQ:y.message});w=f'{path_of_execution(x)}/stop'
 for a in PAUSES[:3]:
  e=response_of(f.call(X,Q,w,b,{},10/2))
  if e.status in{200,400}or f.clock().left<60:break
  f.sleep(a)
 return e
def path_of_execution(x):return f"/2025-12-01/durable-executions/{quote(x,safe='')}"
def passing(e):
 if e.kind!=AG:return Outcome(K,UNREACHABLE,text_of(e))
 if e.status in{403,429}or e.status>=500:return R(refusal(e),kind=K,is_crowded=A)
 return
def refusal(e):
 b,o=map_of(e.body),function_error(e.body);s=e.headers.get('x-amzn-errortype'),b.get('code'),b.get('__type');n=next(filter(B,s),f'HTTP {e.status}')
 a,y=str(n).split(':')[0].split('#')[-1],b.get(J)or'';i=e.status==429;m=f"{o.message.rstrip('.')} ({y})"if y else o.message
 if y==f'ReservedFunction{CROWDED}':m+="; the handler's reserved concurrency is in use, or 0"
 k=K if i or re.fullmatch(PASSES,a)else O;return R(o,kind=k,error=a,message=m,is_crowded=y==CROWDED)
def invoked(r,e):
 if e.status>=300:return refusal(e)
 if e.headers.get('x-amz-function-error'):t=base64.b64decode(e.headers.get('x-amz-log-result',''));return function_error(e.body,t.decode(errors=Y))
 if r.invocation_type!=AR:return Outcome(F)
 return result_of(r,e.body or b'null')
def result_of(r,t):
 try:return judge(r,json.loads(t))
 except(D,RecursionError):return failed(AJ,"the handler's result is not JSON, or nested too deeply")
def invocation(r,p):
 d=description_of(r,p)
 if r.payload is ABSENT:return encoded(d),''
 y=r.payload;i=E(y,dict)and p.state is not B
 if i:y=y|{AB:p.state}
 return encoded(y),client_context(d,is_carried=i)
def client_context(d,*,is_carried):
 a,c=C,AB if is_carried else AW;x=packed(d,is_ascii=a)
 for n in(AW,AP,G,c,'',M):
  if len(x)>3583:
   a&=n!=''
   if n in d:l=[*d.get(AC,[]),n];r={k:i for k,i in d.items()if k!=n};d=r|{AC:l}
   x=packed(d,is_ascii=a)
 return x
def packed(d,*,is_ascii):t=encoded(d).decode();x=json.dumps({'custom':{CJ:t}},ensure_ascii=is_ascii);return base64.b64encode(x.encode()).decode()
def description_of(r,p):
 y=(AS,AQ,N,P,M);v=r.event;d={k:v[k].removeprefix(PART)for k in y if k in v}
 d[P]=r.part_of or r.name;d[BU]=execution_id(v,p);d|=p.identity|{'Attempt':p.failures+1}
 if p.state is not B:d[AB]=p.state
 if r.run:o={'RollbackOf':AE if'UPDATE'in p.status else AK};return d|r.run|o
 if r.old_payload is not ABSENT:d[AW]=r.old_payload
 return d
def ask(r,f,c,t,m):
 q={BK:t,'StackName':r.event[N],'Version':'2010-05-15'};o=urlencode(q|m).encode();h={BN:'application/x-www-form-urlencoded'}
 return response_of(f.call(CB,Q,T,o,h,c))
def is_lasting_refusal(e):return 400<=e.status<=403 and not re.search(TRANSIENT,e.body)
TRANSIENT=b'Throttl|LimitExceeded|Expired|Timeout'
def ask_status(r,f,c):e=ask(r,f,c,'DescribeStacks',{});return e,''.join(re.findall(r'<StackStatus>\s*(\w+)',text_of(e))[:1])
History=namedtuple('History','is_taken_back has_failed',defaults=[B,B])
def read_history(r,p,f,c):
 b=bool(r.run)and r.kind==AE;a=[([],[])];n=();m={}
 for g in range(40):
  e=ask(r,f,c,'DescribeStackEvents',m);t=text_of(e);d=re.findall('(?s)<member>(.*?)</member>',t)
  if not d:o=V in p.status and not b;return History(o if is_lasting_refusal(e)else B)
  for q in d:
   v=dict(re.findall(r'(?s)<(\w+)>(.*?)</\1>',q));s=v.get('ResourceStatus','');i=v.get(M)==r.event[N]
   if i or v.get(P)==r.name:
    n=n or(i,s,v.get('Timestamp',''));a[-1][i].append(s);h=v.get('ResourceStatusReason')=='User Initiated';k=i and s.endswith(BM)
    if k if b else h:a.append(([],[]))
  j=re.search('<NextToken>(.*?)</',t);l=f.clock().left<60
  if len(a)>1+r.unchanged or l or not j:break
  from html import unescape;m={'NextToken':unescape(j[1])}
 return history_of(r,p,a,n)
def history_of(r,p,a,n):
 w=V in p.status;(c,t),(l,g)=[*a,([],[])][:2];o=V in str(t[:1]);i,s,h=n or(A,'','');m=(time.gmtime(p.sent+b)for b in(-5,5))
 e,f=(time.strftime('%FT%T',b)for b in m)
 if h>f:return History(r.run is B)
 v=s.endswith(BM)or(w and not o);d=(i and not o)or h<e
 if h and p.questions<(4 if v else 2 if d else 0):return History()
 k=o or w or'UPDATE_FAILED'in c[:2]
 if r.run and r.kind==AE:k=o and'UPDATE_COMPLETE'in c
 if V in str(g):l=l[:1]
 return History(k,AN in str(l))
def hand_over(v,f,m,l):
 b,h=encoded(v),{AU:BS}
 for a in growing(PAUSES):
  t=f.clock().left;c=max(1,min(60,max(t-2*10,t/2)));r=f.call(X,Q,path(m,BE),b,h,c);e=response_of(r)
  if e.status==202:return C
  if e.kind in{BI,CC}:l('handed over, without a reply',level=AF,why=text_of(e));return A
  p=f.clock().left-2*10
  if not passing(e)or p<=0:break
  f.sleep(min(a,p,10))
 l('not handed over',level=U,why=text_of(e));raise RuntimeError(f'could not start a new execution: {text_of(e)}')
def resumed(v,r,w):
 u,o=v[AY].get(AX),v.get(BW,{})
 if I in v or r.kind==H or u in{B,o.get(AX)}:return v
 k=json.loads(zlib.decompress(base64.b85decode(u)));i=k[BG][0]in{F,AI};b=bool(k[CG])if i else B
 a={AA:sent_at(v,w),BD:0,CG:b,CI:''};l=a[AA]-k[AA]>4200;return v if l else v|{I:k|a}
def answer_of_part(r,p,o):
 b,c=answer(r,p,o)
 if not r.part_of or r.kind==H or b[W]==AN:return b,c
 l=p.outcome if o.kind==BH else R(o,is_final=C);e=l.result if l.kind==F and l.result is not ABSENT else B;m=truncate(l.message,1000)
 t=R(p,outcome=R(l,message=m,frames=(),log='',result=e),identity=description_of(R(r,old_payload=ABSENT),R(p,state=B)),fresh=C)
 u=base64.b85encode(zlib.compress(encoded(t._asdict()),9)).decode();b=echo(r,BY,truncate(PART+physical_id(r,p),1024))
 b|={J:'the next part continues',AO:C,AL:{'Run':u}}
 if size(b)<=4095:return b,c
 m='after an hour, a result or EventState may have at most 3,000 bytes when compressed';return answer_of_part(r,p,failed('TooLong',m))
def serve(v,f,m):
 def log(step,**more):n,k=v[P],v[AS];f.log({'step':step,CJ:n,'type':k}|more)
 w=f.clock().now;e=sent_at(v,w);u=e+bare_request(v).service_timeout
 if w>u:log('dropped: CloudFormation no longer waits',level=U)
 elif b:=v.get(AV)or find_answer(v,f,m,log):a=v|{AV:b,I:{AA:e}};deliver(a,u,f,m,log)
def find_answer(v,f,m,l):
 w=f.clock().now;r,p=bare_request(v),Progress(w,sent_at(v,w));s=i=A
 while C:
  try:
   if not s:
    s=C;e=parse_request(v);v=resumed(v,e,w);r,p=e,parse_progress(v,e,w)
    if I in v:p=notice_cancel(r,p,f,l)
   t=decide(r,p,f.clock())
   if t.step==Z:return concluded(r,p,t.outcome,f,l)
   l(t.step,attempt=p.failures+1,seconds=t.seconds)
   if t.step==S:hand_over(handed_over(v,p),f,m,l);return
   p=carry_out(t,r,p,f,l)
  except Exception as a:
   l('provider failed',level=U,trace=traceback.format_exc());b=failed(type(a).__name__,str(a),is_final=C)
   if not must_ask(r,p):return concluded(r,p,b,f,l)
   if i:return concluded(r,p,UNKNOWN_STATUS,f,l)
   i,p=C,R(p,outcome=b)
def concluded(r,p,o,f,l):
 x=p.outcome.execution
 if x and o.kind!=BH:l('stop',status=stop(x,o,f).status)
 b,c=answer_of_part(r,p,o);s=b[W];e='INFO'if not c else AF if s==AN else U
 if o.kind==AI and o.error:e=U
 if o.is_unexpected:c='Expect is not met'
 l(Z,level=e,status=s,reason=c or o.message);return b
def deliver(v,u,f,m,l):
 h=A
 for a in growing(PAUSES):
  e=response_of(f.put(v[AZ],encoded(v[AV])))
  if e.kind==AG and e.status<300:return
  y=''if e.kind==AG else text_of(e);l('the response was not accepted',level=U,status=e.status,why=y);w,t=f.clock();b=min(a,max(1,u-5-w))
  if w+b>u:return
  if t-b<3*10 and not h:
   h=C;l(S,attempt=1,seconds=0)
   with suppress(RuntimeError):
    i=hand_over(v,f,m,l)
    if i and u-w>3*60:return
  t=f.clock().left-5
  if t<=0:return
  f.sleep(min(b,t))
def carry_out(t,r,p,f,l):
 b,o=f.clock().now,Outcome(BF)
 match t.step:
  case'wait'|'ask':
   c=not must_ask(r,p)
   if t.step==BJ:f.sleep(t.seconds)
   else:p=notice_rollback(r,p,f,t.seconds,l)
   p=R(p,fresh=A)
   if c:return notice_cancel(r,p,f,l)
   return R(p,began=p.began+f.clock().now-b)
  case'look':
   o=look(r,f)
   if o.kind==F:return seen(p,o.result)
  case'poll':o=poll(r,p,f,t.seconds)
  case _:o=invoke(r,p,f,t.seconds);n=max(p.longest,f.clock().now-b);p=R(p,longest=n)
 w={};s=r.no_echo or p.no_echo or o.no_echo
 if o.kind==AH and o.message and not s:w={'progress':truncate(o.message,300)}
 if o.kind==F and(i:=warning(r,o.result)):w={'level':AF,'warning':i}
 l(o.kind,error=o.error,**w);return learn(r,p,o,f.clock())
def seen(p,c):
 l=(c.get('LoggingConfig')or{}).get('LogGroup','');i=bool(c.get('DurableConfig'));t=c.get(BZ,3)if c and not i else 0
 return R(p,ready=C,log_group=l,function_timeout=t,is_durable=i)
def notice_rollback(r,p,f,c,l):
 e,s=ask_status(r,f,c);w,d=f.clock().now,e.kind==AG or p.is_reached;p=R(p,is_reached=d,status=s or p.status);h=History()
 if s or is_lasting_refusal(e):h=read_history(r,p,f,c)
 elif is_not_there(r,p,f.clock()):h=History(is_taken_back=A)
 if h.has_failed is B or not s:l(CH,level=AF,status=e.status)
 if h.is_taken_back is B:u=QUESTION_PAUSES[:p.questions+1][-1];a=min(u,r.service_timeout/6)*(1+lot(r,p));return R(p,questions=p.questions+1,ask_at=w+a)
 i=h.is_taken_back or h.has_failed;k=w+2*30;return R(p,rolling_back=h.is_taken_back,has_failed=i,ask_at=k)
def notice_cancel(r,p,f,l):
 w=f.clock().now;i=r.kind==H or p.rolling_back or must_ask(r,p)
 if i or w<max(p.ask_at,p.sent+30):return p
 c=min(5,room(r,p,f.clock()));v=p.status;e,s=ask_status(r,f,c);p=R(p,ask_at=w+30,status=s or v)
 if not s:l(CH,level=AF,status=e.status)
 if r.kind==AE and not v:return R(p,rolling_back=V in s)
 g=V in s or'DELETE'in s;return R(p,cancelled=s if g else'')
def handler(v,x):
 f=Effects(clock=lambda:Clock(time.time(),x.get_remaining_time_in_millis()/1000),sleep=time.sleep,call=signed_call,put=lambda u,b:exchange('PUT',u,b,{BN:''},5),log=lambda e:print(json.dumps(e),flush=C))
 serve(v,f,x.invoked_function_arn)
